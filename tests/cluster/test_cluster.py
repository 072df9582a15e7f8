"""A search on a cluster of three hosts that share nothing, one of which loses its power.

The short form of `make cluster-test`.
"""

import os
import time
from datetime import datetime
from typing import NamedTuple

import pytest
from cluster.on_premise import Cluster, now, training, training_began
from commands import wait_until

from search.study.study import INTERRUPTED, RETRY_OF, count
from search.surroundings.guard import descendants, is_ray
from search.trials.failures import LOST_NODE
from trainable.keys import FAILURE, HOST

TRIALS = 40
RETRIED_WITHIN = 15  # seconds after the power went
# What a stranger may try on the head's ports.
WAYS = {
    "join as a node": "ray start --address={head}:6379",
    "ask for the nodes": "ray status --address={head}:6379",
    "connect a client": "python -c 'import ray; ray.init(\"ray://{head}:10001\")'",
}
# How it may show a token, or none at all.
WITHOUT = "RAY_AUTH_MODE=disabled"
WRONG = f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN={'0' * 64}"
RIGHT = "RAY_AUTH_MODE=token RAY_AUTH_TOKEN=$(cat ~/.ray/auth_token)"
ATTEMPTS = 3  # of a client: the server that Ray starts for it may fail on a busy machine, which is no refusal

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster(rig, dataset, record):
    """Ray on all three hosts, started as a person does."""
    began = time.monotonic()
    cluster = Cluster(rig)
    cluster.up()
    cluster.wait_for_nodes(3)
    record(f"three nodes {time.monotonic() - began:.0f} s after `ray up` began")
    return cluster


@pytest.fixture(scope="module")
def strangers(cluster):
    """Commands that try to get in without the token; some wait long for their refusal."""
    return {
        (token, way): cluster.client.begin(attempt(cluster, token, way)) for token in (WITHOUT, WRONG) for way in WAYS
    }


def attempt(cluster, token, way):
    """Return the command by which a machine that is not of the cluster tries to get in."""
    return f"export {token} HOME=/tmp/stranger; {WAYS[way].format(head=cluster.head.address)}"


class Killed(NamedTuple):
    """A host's end in mid-search."""

    when: datetime
    listeners: dict[str, set[str]]  # on all interfaces of each host, just before


@pytest.fixture(scope="module")
def killed(cluster, strangers, record):
    """One of the hosts was killed in mid-search, and the search is over."""
    began = time.monotonic()
    # One trial a host: each host sees all processors of the machine. The baseline's ten networks would take long.
    plan = "--study s --seed 7 --space ~/short.toml --sampler random --pruner none --no-baseline --confirm-seeds 2"
    search = cluster.search(plan, "--confirm-top 1 --trials", TRIALS, "--cpus-per-trial", os.cpu_count())
    victim = cluster.hosts[2]
    wait_until(lambda: len(cluster.hosts_with_trials("s")) == 3, 120, "trials on all hosts")
    record(f"memory of the three hosts: {cluster.memory() / 2**30:.1f} GiB")
    listeners = {host.name: cluster.listeners(host) for host in cluster.hosts}
    wait_until(lambda: training(victim), 60, "a trial is on the host")
    cluster.rig.kill(victim)
    killed = Killed(now(), listeners)
    assert search.wait(180) == 0, search.output
    assert "verdict    " in search.output
    record(f"a search of {TRIALS} trials with its confirmation: {time.monotonic() - began:.0f} s")
    return killed


def test_search_runs_on_every_host_and_ends_with_the_asked_count(cluster, killed):
    """Trials ran on all three hosts, and the one that went did not change how many the study has."""
    assert cluster.hosts_with_trials("s") == {"host1", "host2", "host3"}
    assert count(cluster.trials("s")).finished == TRIALS


def test_trial_of_a_killed_host_is_tried_again_elsewhere(cluster, killed, record):
    """The study says that the node was lost, and a worker had the same configuration within 15 seconds."""
    trials = cluster.trials("s")
    [lost] = [trial for trial in trials if FAILURE in trial.user_attrs]
    assert lost.user_attrs[FAILURE] == f"{INTERRUPTED}: {LOST_NODE}"
    [retry] = [trial for trial in trials if trial.user_attrs.get(RETRY_OF) == lost.number]
    assert retry.params == lost.params
    assert retry.user_attrs[HOST] in {"host1", "host2"}
    seconds = (training_began(retry) - killed.when).total_seconds()
    record(f"tried again {seconds:.1f} s after a host was killed")
    assert 0 < seconds < RETRIED_WITHIN


def test_token_is_readable_by_its_owner_only(cluster):
    """On every host."""
    modes = {host.name: (host.home / ".ray/auth_token").stat().st_mode & 0o777 for host in cluster.hosts}
    assert modes == {"host1": 0o600, "host2": 0o600, "host3": 0o600}


def test_who_has_not_the_token_is_refused(cluster, strangers, killed):
    """Without the token or with a wrong one no node, driver or client gets in."""
    let_in = {each for each, command in strangers.items() if command.wait(60) == 0}
    assert let_in == set()
    assert cluster.nodes().keys() == {cluster.hosts[0].address, cluster.hosts[1].address}


@pytest.mark.parametrize(("way", "attempts"), [("ask for the nodes", 1), ("connect a client", ATTEMPTS)])
def test_who_has_the_token_gets_in(cluster, killed, way, attempts):
    """A driver and a client do, by the very commands that are refused without it; as nodes, hosts 2 and 3 did."""
    told = []
    for _ in range(attempts):
        command = cluster.client.begin(attempt(cluster, RIGHT, way))
        if command.wait(120) == 0:
            return
        told.append(command.output)
    told.append(cluster.on_head("tail -n 50 /tmp/ray/session_latest/logs/ray_client_server*"))
    pytest.fail("\n\n".join(told))


@pytest.mark.parametrize("server", ["127.0.0.1:8265/api/jobs/", "{worker}:52365/logs"])
def test_requests_without_the_token_are_refused(cluster, server):
    """The jobs API and the agent on each host answer 401 without a token and 403 to a wrong one."""
    ask = "import sys, requests; print(requests.get(sys.argv[1], headers={'Authorization': sys.argv[2]}).status_code)"
    where = f"http://{server.format(worker=cluster.hosts[1].address)}"
    shown = ["", "'Bearer wrong'", '"Bearer $(cat ~/.ray/auth_token)"']
    statuses = [cluster.on_head(f'python -c "{ask}" {where} {each or chr(39) * 2}') for each in shown]
    assert statuses == ["401", "403", "200"]


def test_only_what_hosts_need_of_each_other_listens_on_all_interfaces(killed):
    """Ray's dashboard and jobs API, and the agents of runtime environments, do not."""
    between = {"sshd", "raylet", "ray::DashboardA", "worker or driver"}
    head = between | {"gcs_server", "python:44217", "python:44227"}
    assert killed.listeners == {"host1": head, "host2": between, "host3": between}


def test_cluster_goes_down(cluster, killed):
    """After `ray down`, and `ray stop` on the others, no process of Ray is left on any host."""
    cluster.down()
    hosts = [pid for host in cluster.hosts for pid in descendants(host.process.pid)]
    wait_until(lambda: not any(map(is_ray, hosts)), 10, "no process of Ray is left")
