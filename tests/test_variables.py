"""Variables of other projects are left out of a search; what a person rightly sets stays."""

import logging

import pytest
from commands import invoke

from search.surroundings.variables import FOR_PYTHON, forget_for_python, forget_for_ray

PROXIES = {
    "https_proxy": "http://proxy:3128",
    "SSL_CERT_FILE": "/etc/ca.pem",
    "CUDA_VISIBLE_DEVICES": "1",
    "HOME": "/h",
}
RAY = {"RAY_ADDRESS": "head:6379", "RAY_RUNTIME_ENV_HOOK": "their.hook", "RAY_raylet_start_wait_time_s": "0"}
TUNE = {"TUNE_RESULT_BUFFER_LENGTH": "100", "RAY_AIR_NEW_OUTPUT": "1"}
NUMBERS = {"RAY_memory_usage_threshold": "0.9", "RAY_worker_niceness": "0", "RAY_TMPDIR": "/scratch"}
SET = {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}


def test_runtime_that_is_started_for_a_search_is_told_by_the_search_alone():
    """Another cluster's address and settings do not reach it; limits of this machine's memory do."""
    environment = PROXIES | RAY | TUNE | NUMBERS | {"RAY_memory_monitor_refresh_ms": "often", "GRPC_TRACE": "all"}
    names = forget_for_ray(environment, local=True)
    assert environment == PROXIES | NUMBERS | SET
    assert set(names) == {*RAY, *TUNE, "RAY_memory_monitor_refresh_ms", "GRPC_TRACE"}


def test_cluster_is_reached_as_the_person_says():
    """With --address only what would change Tune in this process is left out."""
    environment = PROXIES | RAY | TUNE | {"RAY_AUTH_MODE": "token"}
    assert set(forget_for_ray(environment, local=False)) == set(TUNE)
    assert environment == PROXIES | RAY | {"RAY_AUTH_MODE": "token"} | SET


def test_children_start_as_python_does_by_itself():
    """What this process was started with would make Ray's processes fail, wait or print."""
    environment = PROXIES | dict.fromkeys(FOR_PYTHON, "1") | {"PYTHONHASHSEED": "0", "PYTHONPATH": "/here"}
    environment |= {"BASH_ENV": "/opt/modules/init", "SSLKEYLOGFILE": "/missing/keys", "PYTHONDEBUG": ""}
    environment |= {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "cpp", "NUMPY_MADVISE_HUGEPAGE": "often"}
    assert set(forget_for_python(environment)) == set(FOR_PYTHON) - {"PYTHONDEBUG"}
    assert environment == PROXIES | {"PYTHONHASHSEED": "0", "PYTHONPATH": "/here"}


@pytest.mark.parametrize("option", [(), ("--address", "127.0.0.1:1")])
def test_search_leaves_them_out_before_anything_is_loaded(option, tmp_path, monkeypatch, caplog):
    """With --verbose it says which."""
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    monkeypatch.setenv("TUNE_RESULT_BUFFER_LENGTH", "100")
    seen = {}

    class Seen(Exception):  # noqa: N818 (it is none)
        pass

    def session(options, started):
        import os

        seen.update(os.environ)
        raise Seen

    monkeypatch.setattr("search.run.session.Session", session)
    with caplog.at_level(logging.INFO), pytest.raises(Seen):
        invoke("search.run", "--verbose", "--runs", tmp_path, *option)
    assert ("RAY_ADDRESS" in seen) == bool(option)
    assert "TUNE_RESULT_BUFFER_LENGTH" not in seen
    assert "set for another program, and left out here: " in caplog.text
