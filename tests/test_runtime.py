"""The Ray runtime under a search: what its nodes are asked before anything is made."""

import pytest

from search.errors import UsageError
from search.runtime import check_this_machine


def test_this_machine_is_asked_without_ray():
    """For a runtime of its own the command need not start Ray to know."""
    check_this_machine("float32")
    with pytest.raises(UsageError, match=r"^--precision: precision must be one of float32, bfloat16, got 'float8'$"):
        check_this_machine("float8")
