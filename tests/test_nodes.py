"""A search follows the nodes of a cluster; here they are several raylets on this machine."""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from commands import ROOT, start, start_untrained, study_of, wait_for_trials, wait_until
from ray._private.ray_constants import AUTOSCALER_RESOURCE_REQUEST_CHANNEL
from ray.autoscaler.v2.sdk import get_cluster_resource_state
from ray.cluster_utils import Cluster
from ray.experimental.internal_kv import _internal_kv_get, internal_kv_get_gcs_client

from search.confirmation.goal import goal_of
from search.errors import UsageError
from search.runtime.local import ray_runtime
from search.runtime.nodes import Nodes, asked_for
from search.runtime.resources import Resources
from search.study.study import ATTEMPTS, INTERRUPTED, RETRY_OF, Counts, count
from search.trials.failures import LOST_NODE
from trainable.environment import code_here
from trainable.keys import FAILURE

# Trials of half a second, see `failing.py`: what is looked at is where they run.
BRIEF = """
hidden_units = {type = "categorical", choices = [13]}
learning_rate = {type = "float", low = 1e-4, high = 1e-1}
"""
# Real ones that are not over while a command starts.
LONGER = """
hidden_units = {type = "int", low = 8, high = 16}
batch_size = {type = "categorical", choices = [512]}
epochs = {type = "int", low = 10, high = 12}
"""
AUTOSCALER = "RAY_enable_autoscaler_v2"


@pytest.fixture(scope="module")
def standing():
    """A head with one CPU, which tests leave as it was."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def unlike(tmp_path_factory):
    """Another one, with Ray's newer autoscaler and with another version of the project for its workers."""
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(ROOT / "trainable", other / "trainable")
    with (other / "trainable" / "trial.py").open("a") as file:
        file.write("\n# changed\n")
    variables = {"PYTHONPATH": str(other), AUTOSCALER: "1"}
    head = {"num_cpus": 1, "include_dashboard": False, "env_vars": variables}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    yield cluster
    cluster.shutdown()


@contextlib.contextmanager
def connected(cluster):
    """A driver that is connected to a cluster; yields the resources that it settled on."""
    with ray_runtime(cluster.address, Resources(0, 1, 0), verbose=False) as resources:
        yield resources


def times_of(trial):
    """When a trial ended and how many seconds it trained."""
    return trial.datetime_complete, trial.user_attrs["seconds"]


def asked():
    """Return what the autoscaler is asked for; nothing at first."""
    return json.loads(_internal_kv_get(AUTOSCALER_RESOURCE_REQUEST_CHANNEL) or "[]")


def asked_newer():
    """Return the same of Ray's newer autoscaler, which `ray up cluster.yaml` starts."""
    constraints = get_cluster_resource_state(internal_kv_get_gcs_client()).cluster_resource_constraints
    requests = [request for constraint in constraints for request in constraint.resource_requests]
    return [dict(each.request.resources_bundle) for each in requests for _ in range(each.count)]


@pytest.fixture(params=["older", "newer"])
def autoscaled(request, monkeypatch):
    """A cluster with each of Ray's autoscalers, and how to see what it is asked for."""
    newer = request.param == "newer"
    monkeypatch.setenv(AUTOSCALER, str(int(newer)))
    monkeypatch.setattr("ray.autoscaler.v2.utils.cached_is_autoscaler_v2", None)
    return request.getfixturevalue("unlike" if newer else "standing"), asked_newer if newer else asked


def wait_for(expected, observe, seconds=30):
    """Wait until an observation is as expected."""
    wait_until(lambda: observe() == expected, seconds, f"{expected} is seen")


def test_workers_follow_the_nodes(standing, caplog):
    """There are as many as the nodes hold, once these were asked for their versions; `--workers` is a limit.

    A node whose object store does not hold the data is named, once: Ray keeps them on its disk.
    """
    with connected(standing) as resources:
        assert resources.workers == 1
        nodes = Nodes(resources, "float32", limited=False, data=10**15)
        limited = Nodes(Resources(2, 1, 0), "float32", limited=True)
        nodes.admit()
        assert nodes.workers() == 1
        [line] = [record.getMessage() for record in caplog.records if record.name == "search.runtime.nodes"]
        name = f"the node {socket.gethostname()} ({standing.head_node.node_ip_address})"
        assert line.startswith(f"{name} keeps the data on its disk: they have 1000000.0 GB, its object store ")
        assert line.endswith(" GB (ray start --object-store-memory=1000000486870912)")
        node = standing.add_node(num_cpus=2)
        wait_for(3, nodes.workers)
        wait_for(2, limited.workers)
        standing.remove_node(node)
        wait_for(1, nodes.workers)


def test_wanted_workers_may_come_later(standing):
    """A cluster that holds none of the workers that `--workers` wants is taken: its autoscaler may bring them."""
    with ray_runtime(standing.address, Resources(4, 2, 0), verbose=False) as resources:
        assert resources.workers == 4
        nodes = Nodes(resources, "float32", limited=True)
        nodes.admit()
        assert nodes.workers() == 0
    with (
        pytest.raises(UsageError, match=r"^--cpus-per-trial, --gpus-per-trial: no node has CPU 2 for a trial"),
        ray_runtime(standing.address, Resources(0, 2, 0), verbose=False),
    ):
        pass


def test_autoscaler_is_asked_and_let_go(autoscaled):
    """The request for nodes names what a trial gets, and ends with the search, with either of Ray's autoscalers."""
    cluster, asked_of = autoscaled
    with connected(cluster) as resources:
        with asked_for(resources, 12):
            assert asked_of() == [{"CPU": 1}] * 12
        assert asked_of() == []


def test_node_without_the_precision_is_refused(standing):
    """The line names the node."""
    with connected(standing) as resources, pytest.raises(UsageError) as caught:
        Nodes(resources, "float8", limited=False).admit()
    assert str(caught.value) == (
        f"the node {socket.gethostname()} ({standing.head_node.node_ip_address}) cannot take part: "
        "--precision: precision must be one of float32, bfloat16, got 'float8'"
    )


def test_node_with_another_version_of_the_project_is_refused(unlike, tmp_path, monkeypatch):
    """A node whose workers would import other code is named, with what it has and what the driver has."""
    monkeypatch.chdir(tmp_path)  # Ray lets workers import from the driver's folder first
    monkeypatch.setattr("sys.path", [path for path in sys.path if path not in ("", str(ROOT))])
    with connected(unlike) as resources, pytest.raises(UsageError) as caught:
        Nodes(resources, "float32", limited=False).admit()
    ours = code_here()["mnist-search"]
    assert str(caught.value).startswith(f"the node {socket.gethostname()} (")
    assert f"has mnist-search {version('mnist-search')}+" in str(caught.value)
    assert str(caught.value).endswith(f", but the driver {ours}")
    assert str(caught.value).count(ours) == 1


@pytest.mark.thorough
def test_preempted_node_costs_no_retry(standing, tmp_path):
    """What was on a node that is taken back is tried again even where `--max-retries` allows none, and only once."""
    node = standing.add_node(num_cpus=1)
    process = begin(start, LONGER, standing, tmp_path, "--trials", 20, "--max-retries", 0)
    wait_for_trials(process, tmp_path, "g", 4)
    where = ("--address", standing.address, "--node-id", node.node_id)
    why = ("--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "spot", "--deadline-remaining-seconds", "1")
    subprocess.run([Path(sys.executable).with_name("ray"), "drain-node", *where, *why], check=True, timeout=60)
    assert process.poll() is None
    standing.remove_node(node, allow_graceful=False)
    _, stderr = process.communicate(timeout=110)
    assert process.returncode == 0, stderr
    trials = study_of(tmp_path, "g").trials
    assert (count(trials), len(trials)) == (Counts(complete=20), 21)
    [lost] = [trial for trial in trials if FAILURE in trial.user_attrs]
    assert lost.user_attrs[FAILURE] == f"{INTERRUPTED}: {LOST_NODE}"
    [retry] = [trial for trial in trials if trial.user_attrs.get(RETRY_OF) == lost.number]
    assert (retry.params, retry.user_attrs[ATTEMPTS]) == (lost.params, 1)


def begin(how, text, cluster, runs, *options):
    """Start a search of a space on a cluster."""
    space = runs / "space.toml"
    space.write_text(text)
    where = ("--address", cluster.address, "--study", "g", "--runs", runs)
    return how(*where, "--space", space, "--no-baseline", "--pruner", "none", *options)


def test_node_that_joins_in_mid_run_gets_work(standing, tmp_path):
    """The search on it grows, also where trials end faster than a worker starts: they run beside each other then.

    It is stopped once it has; a worker takes seconds to start, so there are more trials than it takes.
    """
    process = begin(start_untrained, BRIEF, standing, tmp_path, "--trials", 500)
    wait_for_trials(process, tmp_path, "g", 2)
    assert goal_of(study_of(tmp_path, "g").user_attrs).workers == 1
    node, study = standing.add_node(num_cpus=2), study_of(tmp_path, "g")  # which reads a trial that has ended once
    wait_until(lambda: goal_of(study.user_attrs).workers == 3, 200, "there are 3 workers", process)
    wait_until(lambda: beside(study.trials) >= 2, 200, "three train beside each other", process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    standing.remove_node(node)
    assert process.returncode == 130, stderr
    assert "3 workers" in stdout.splitlines()


def beside(trials):
    """How many trials, at most, began to train before the end of another one that they outlasted."""
    ended = [each for each in trials if each.datetime_complete and "seconds" in each.user_attrs]
    spans = [(end - timedelta(seconds=seconds), end) for end, seconds in map(times_of, ended)]  # of training
    return max((sum(begin < other < end for other, _ in spans) for begin, end in spans), default=0)


def test_signal_ends_a_search_that_no_node_can_hold(standing, tmp_path):
    """It waits for nodes, in Tune's loop; the autoscaler is told that nothing is wanted any more."""
    process = begin(start_untrained, BRIEF, standing, tmp_path, "--trials", 3, "--workers", 1, "--cpus-per-trial", 2)
    with ray_runtime(standing.address, Resources(0, 1, 0), verbose=False):
        wait_for([{"CPU": 2}], asked, seconds=60)
        time.sleep(3)  # Tune has begun to ask for trials
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
        assert asked() == []
    assert process.returncode == 130, stderr
    assert "SIGINT: stopped; the same command with --study g goes on" in stdout
    assert study_of(tmp_path, "g").trials == []
