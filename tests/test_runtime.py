"""The Ray runtime under a search: what its nodes are asked before anything is made."""

import pytest

from search.errors import UsageError, refused_configuration
from search.runtime.local import _check_host
from search.runtime.resources import Resources, fitting
from trainable.precision import check_precision


def test_this_machine_is_asked_without_ray():
    """For a runtime of its own the command need not start Ray to know."""
    with refused_configuration("--precision"):
        check_precision("float32")
    line = r"^--precision: precision must be one of float32, bfloat16, got 'float8'$"
    with pytest.raises(UsageError, match=line), refused_configuration("--precision"):
        check_precision("float8")


@pytest.mark.parametrize(
    ("what", "value", "line"),
    [
        ("socket.gethostname", lambda: "m\udcff", r"this machine's name, 'm\\udcff', must be UTF-8 for Ray; "),
        ("search.runtime.local.MEMORY", "/proc/none", r"/proc/none cannot be read, which Ray does; "),
        (
            "search.runtime.local.get_localhost_ip",
            lambda: "10.9.9.9",
            r"localhost is 10.9.9.9 here, and Ray goes there; ",
        ),
        ("search.runtime.local.LOOPBACK", "203.0.113.1", r"the loopback interface 203.0.113.1 cannot be used: "),
    ],
)
def test_machine_on_which_ray_would_not_start_is_refused(what, value, line, monkeypatch):
    """At once, in a line that names what is to be changed: Ray would wait for a minute."""
    _check_host()
    monkeypatch.setattr(what, value)
    with pytest.raises(UsageError, match=f"^{line}"):
        _check_host()


@pytest.mark.parametrize(
    ("cpus", "gpus", "shapes", "expected"),
    [
        (0.2, 0, [{"CPU": 2.0}], 10),
        (0.1, 0, [{"CPU": 1.0}, {"CPU": 0.3}], 13),
        (0.0001, 0, [{"CPU": 1.0}], 10_000),
        (2, 0, [{"CPU": 3.0}, {"CPU": 5.0}, {}], 3),
        (0.1, 0.2, [{"CPU": 16.0, "GPU": 2.0}], 10),
        (1, 0.4, [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 4.0}], 4),
    ],
)
def test_as_many_trials_fit_as_ray_itself_places(cpus, gpus, shapes, expected):
    """Ray counts in ten-thousandths, node by node, and a share of a GPU lies on one GPU."""
    assert fitting([{"Resources": shape} for shape in shapes], Resources(0, cpus, gpus)) == expected


@pytest.mark.parametrize(("workers", "cpus", "expected"), [(100, 0.07, 7), (3, 0.5, 2), (10, 0.2, 2), (0, 1, 0)])
def test_runtime_of_this_machine_gets_the_cpus_that_its_workers_need(workers, cpus, expected):
    """Rounded up to whole ones, and not by what floating point adds."""
    assert Resources(workers, cpus, 0).whole_cpus == expected
