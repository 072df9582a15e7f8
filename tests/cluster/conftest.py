"""What the tests of clusters share: three hosts, and a list of what was measured on them, printed at the end."""

import pytest
from cluster.rig import Rig, missing

MEASURED = pytest.StashKey[list]()


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    """Three hosts and a client."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    with Rig(tmp_path_factory.mktemp("rig")) as rig:
        yield rig


@pytest.fixture(scope="session")
def record(pytestconfig):
    """Note a line for the summary."""
    return pytestconfig.stash.setdefault(MEASURED, []).append


def pytest_terminal_summary(terminalreporter, config):
    """Print what was measured."""
    if lines := config.stash.get(MEASURED, []):
        terminalreporter.section("cluster")
        for line in lines:
            terminalreporter.write_line(line)
