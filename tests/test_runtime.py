"""The Ray runtime under a search: what its nodes are asked before anything is made."""

import socket

import pytest

from search.errors import UsageError
from search.runtime import Resources, check_nodes, check_this_machine, ray_runtime


def test_each_node_is_asked_for_the_precision():
    """A precision that a node does not have is one line with the node's name; float32 is everywhere."""
    with ray_runtime(None, Resources(1, 1, 0), verbose=False) as resources:
        assert resources.workers == 1
        check_nodes("float32")
        with pytest.raises(UsageError) as caught:
            check_nodes("float8")
    assert str(caught.value) == (
        f"--precision: precision must be one of float32, bfloat16, got 'float8' ({socket.gethostname()})"
    )


def test_this_machine_is_asked_without_ray():
    """For a runtime of its own the command need not start Ray to know."""
    check_this_machine("float32")
    with pytest.raises(UsageError, match=r"^--precision: precision must be one of float32, bfloat16, got 'float8'$"):
        check_this_machine("float8")
