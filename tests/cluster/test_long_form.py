"""What a search on three hosts survives, and how it is stopped and looked at from elsewhere: `make cluster-test`.

The tests stand in the order of what they do to the cluster; the last one loses its head.
"""

import os
import re
import shutil
import signal
import sys
import time

import pytest
from cluster.on_premise import FILE, SETTINGS, Cluster, now, training, training_began
from commands import ROOT, wait_until

from search.study.study import INTERRUPTED, RETRY_OF, count
from search.surroundings.guard import command_of, descendants
from search.trials.failures import LOST_NODE
from trainable.keys import FAILURE, HOST

CUT_NOTICED_WITHIN = 30  # seconds from the cut to the next attempt at the trial
DEADLINE = 3  # seconds from the notice to a spot instance's end
JOBS = "http://127.0.0.1:8265"
# A trial takes all processors that a host sees: one trial a host.
OPTIONS = f"--space ~/space.toml --pruner none --no-confirm --no-baseline --cpus-per-trial {os.cpu_count()}"

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster(rig, dataset):
    """Ray on all three hosts."""
    cluster = Cluster(rig)
    cluster.up()
    cluster.wait_for_nodes(3)
    yield cluster
    cluster.down()


@pytest.fixture(autouse=True)
def hosts_for_oneself(cluster):
    """A search that a failed test left running does not take the next one's hosts."""
    yield
    end(cluster.head, b"search.run")


@pytest.fixture
def jobs(cluster):
    """Ray's jobs API, which listens on the head's loopback address, through a tunnel from the client."""
    cluster.client.begin(f"ray dashboard {FILE}")
    wait_until(lambda: "8265" in cluster.client.run("ss -ltnH"), 30, "the tunnel is there")
    yield lambda command, **ways: cluster.client.run(
        f"RAY_AUTH_MODE=token RAY_API_SERVER_ADDRESS={JOBS} ray job {command}", **ways
    )
    end(cluster.client, b":8265")


def begin(cluster, study, trials, *more, victim=None):
    """Start a search; return it when trials have ended on every host and a victim is in the middle of one."""
    search = cluster.search(OPTIONS, "--study", study, "--trials", trials, *more)
    wait_until(lambda: busy(cluster, study) and (victim is None or training(victim)), 120, "trials on all hosts")
    return search


def busy(cluster, study):
    """Whether trials of a study have ended on every host."""
    return len(cluster.hosts_with_trials(study)) == 3


def finish(search):
    """Wait for a search to end well."""
    assert search.wait(300) == 0, search.output


def end(machine, word):
    """End the commands of a machine that have a word in their command line."""
    for pid in descendants(machine.process.pid):
        if word in command_of(pid):
            os.kill(pid, signal.SIGTERM)


def retries(cluster, study):
    """The trials in the place of those that were lost with a node, once they are over."""
    trials = cluster.trials(study)
    lost = {trial.number for trial in trials if trial.user_attrs.get(FAILURE) == f"{INTERRUPTED}: {LOST_NODE}"}
    return [trial for trial in trials if trial.user_attrs.get(RETRY_OF) in lost and trial.state.is_finished()]


def test_host_that_is_cut_off_is_given_up_and_back_at_work_when_it_returns(cluster, record):
    """Its trial is tried again elsewhere within 30 seconds; plugged in again, the host takes part again."""
    victim = cluster.hosts[1]
    search = begin(cluster, "cut", 60, victim=victim)
    cluster.rig.cut(victim)
    cut = now()
    [retry] = wait_until(lambda: retries(cluster, "cut"), 60, "the trial was tried again")
    seconds = (training_began(retry) - cut).total_seconds()
    record(f"tried again {seconds:.1f} s after a host was cut off")
    assert 0 < seconds < CUT_NOTICED_WITHIN
    cluster.rig.join(victim)
    joined = now()

    def back():
        mine = [trial for trial in cluster.trials("cut") if trial.user_attrs.get(HOST) == victim.name]
        return [trial for trial in mine if trial.state.is_finished() and trial.datetime_start > joined]

    first = wait_until(back, 240, "the host gets work again")[0]
    record(
        f"a trial ended on it {(first.datetime_complete - joined).total_seconds():.0f} s after it was plugged in again"
    )
    finish(search)
    assert count(cluster.trials("cut")).finished == 60


def test_preempted_host_costs_no_retry(cluster, record):
    """A host that is taken back as a spot instance is: its trial is tried again though `--max-retries` allows none."""
    victim = cluster.hosts[2]
    cluster.wait_for_nodes(3, timeout=120)
    search = begin(cluster, "spot", 30, "--max-retries 0", victim=victim)
    cluster.on_head(
        f"ray drain-node --address {cluster.head.address}:6379 --node-id {cluster.nodes()[victim.address]} "
        "--reason DRAIN_NODE_REASON_PREEMPTION --reason-message 'taken back' "
        f"--deadline-remaining-seconds {DEADLINE}"
    )
    time.sleep(DEADLINE)
    wait_until(lambda: training(victim), 60, "a trial is on it")
    cluster.rig.kill(victim)
    killed = now()
    finish(search)
    trials = cluster.trials("spot")
    assert count(trials).finished == 30
    assert count(trials).failed == 0
    [retry] = retries(cluster, "spot")
    record(f"tried again {(training_began(retry) - killed).total_seconds():.1f} s after a host was taken back")
    assert retry.user_attrs["attempts"] == 1
    cluster.rig.start(victim)


def test_host_with_other_code_is_refused_before_any_trial(cluster):
    """The line names the host, what it has and what the driver has; no study is made."""
    other = cluster.hosts[1]
    source = other.home / "mnist-search/trainable/trial.py"
    cluster.wait_for_nodes(3, timeout=120)
    source.write_text(source.read_text() + "\n# older\n")
    try:
        refused = cluster.search(OPTIONS, "--study other --trials 3")
        assert refused.wait(90) != 0
    finally:
        shutil.copy(ROOT / "trainable/trial.py", source)
    [line] = re.findall(r"^error: .*$", refused.output, re.MULTILINE)
    assert re.fullmatch(
        rf"error: the node {other.name} \({re.escape(other.address)}\) has mnist-search \S+, but the driver \S+",
        line.strip(),
    )
    assert cluster.trials("other") == []


def test_host_with_another_python_is_refused(cluster):
    """By Ray, when it wants to join."""
    python = "/usr/bin/python3"
    versions = {cluster.head.run(f"{each} -V").strip() for each in (python, f"{sys.prefix}/bin/python")}
    if len(versions) == 1:
        pytest.skip(f"{python} is the same Python as the environment's")
    host = cluster.hosts[2]
    cluster.wait_for_nodes(3, timeout=120)
    packages = f"PYTHONPATH={sys.prefix}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    command = f"{packages} {python} -m ray.scripts.scripts start --address={cluster.head.address}:6379"
    said = host.run(f"{SETTINGS}; {command}", status=1)
    assert "Version mismatch" in said
    assert len(cluster.nodes()) == 3


def test_job_is_submitted_and_stopped(cluster, jobs, record):
    """A stopped job leaves its trials as interrupted and nothing running; the same command goes on."""
    cluster.wait_for_nodes(3, timeout=120)
    command = f"python -m search.run --address auto --study job {OPTIONS.replace('~', '/root')}"
    jobs(f"submit --no-wait --submission-id first -- {command} --trials 90")
    wait_until(lambda: busy(cluster, "job"), 120, "trials on all hosts")
    began = now()
    assert "Job 'first' was stopped" in jobs("stop first")
    record(f"a job ended {(now() - began).total_seconds():.1f} s after `ray job stop`")
    assert "SIGTERM: stopped; the same command with --study job goes on" in jobs("logs first")
    stopped = count(cluster.trials("job"))
    assert stopped.running == 0
    assert [trial for trial in cluster.trials("job") if trial.user_attrs.get(FAILURE) == INTERRUPTED]
    everything = [pid for host in cluster.hosts for pid in descendants(host.process.pid)]
    wait_until(lambda: not any(b"search.run" in command_of(pid) for pid in everything), 5, "the driver is gone")
    wait_until(lambda: not any(b"NetworkTrial" in command_of(pid) for pid in everything), 15, "the workers are gone")
    jobs(f"submit --submission-id second -- {command} --trials {stopped.finished + 3}", timeout=120)
    assert count(cluster.trials("job")).finished == stopped.finished + 3


def test_dashboard_is_reached_through_a_tunnel_only(cluster):
    """Started on the head, it answers on the client's loopback address, and to nobody else."""
    server = cluster.client.begin(
        f"cd {ROOT} && ray exec --port-forward 8501 {FILE} "
        "'cd ~/mnist-search && python -m streamlit run dashboard/app.py'"
    )
    ask = (
        "python -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())'"
    )
    wait_until(lambda: "http://" in server.output, 60, "the server has started")
    assert cluster.client.run(f"{ask} http://127.0.0.1:8501/_stcore/health").strip() == "ok"
    assert "<title>" in cluster.client.run(f"{ask} http://127.0.0.1:8501/")
    assert "refused" in cluster.client.run(f"{ask} http://{cluster.head.address}:8501/", status=1)
    end(cluster.client, b":8501")
    end(cluster.head, b"streamlit")


def test_study_of_a_lost_head_goes_on_in_a_new_cluster(cluster, record):
    """The copy that SQLite made of the study in use is continued by the same command, and nothing in it is lost."""
    cluster.wait_for_nodes(3, timeout=120)
    search = begin(cluster, "head", 40)
    cluster.on_head("cd ~/mnist-search && python deploy/snapshot.py runs/studies.db runs/copy.db")
    cluster.client.run(f"cd {ROOT} && ray rsync-down {FILE} '~/mnist-search/runs/copy.db' ~/studies.db")
    cluster.rig.kill(cluster.head)
    assert search.wait(120) != 0
    cluster.replace_head()
    cluster.down()
    began = now()
    cluster.up()
    cluster.wait_for_nodes(3, timeout=120)
    record(f"a new cluster of three hosts was up in {(now() - began).total_seconds():.0f} s")
    cluster.client.run(f"cd {ROOT} && ray rsync-up {FILE} ~/studies.db '~/mnist-search/runs/studies.db'")
    saved = [trial for trial in cluster.trials("head") if trial.state.is_finished()]
    assert len(saved) >= 3
    finish(cluster.search(OPTIONS, "--study head --trials", len(saved) + 4))
    after = cluster.trials("head")
    assert count(after).finished == len(saved) + 4
    assert [trial for trial in after if trial.number in {each.number for each in saved}] == saved
