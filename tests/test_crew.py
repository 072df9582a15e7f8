"""How many workers train at once where memory does not hold all of them."""

import pytest

from search.runtime.crew import Crew
from search.surroundings import kernel
from search.trials.failures import CRASHED, OUT_OF_MEMORY, Failure

KILLED = Failure(OUT_OF_MEMORY, "low on memory", retried=True)
REFUSED = Failure(OUT_OF_MEMORY, "MemoryError")
CRASH = Failure(CRASHED, "the worker's process ended", retried=True)


@pytest.fixture
def statistics(tmp_path, monkeypatch):
    """The file in which the kernel counts the processes that it ended for want of memory."""
    file = tmp_path / "proc/vmstat"
    file.parent.mkdir()
    file.write_text("pgfault 7\noom_kill 3\n")
    monkeypatch.setattr(kernel, "ROOT", tmp_path)
    return file


@pytest.fixture
def made(statistics):
    """A crew of three on this machine, of which all have something, and what it tells."""
    told = []
    found = Crew(lambda _: 3, is_local=True, tell=lambda *what: told.append(what))
    for key in "abc":
        assert found.has_room(0)
        found.begin(key)
    return found, told


def fails(one, key, failure):
    """Let something fail as the executor does; return what it means."""
    meant = one.weigh(key, failure)
    one.end(key)
    return meant


@pytest.mark.parametrize("failure", [KILLED, REFUSED])
def test_out_of_memory_beside_others_takes_a_worker_away(made, failure):
    """It is tried again, without using up an attempt, where there are fewer at once; there is always one."""
    one, told = made
    for key, left in (("a", 2), ("b", 1), ("c", 1)):
        meant = fails(one, key, failure)
        assert (meant.reason, meant.retried, meant.counted) == (OUT_OF_MEMORY, True, False)
        assert one.number() == left
    assert told == [(2, ": memory does not hold 3"), (1, ": memory does not hold 2")]


@pytest.mark.parametrize("failure", [KILLED, REFUSED])
def test_out_of_memory_alone_is_the_configurations_failure(made, failure):
    """It is not tried again, and the others have their workers back."""
    one, told = made
    for key in "abc":
        fails(one, key, failure)
    one.begin("alone")
    assert not one.has_room(0)
    assert not fails(one, "alone", failure).retried
    assert one.number() == 3
    assert told[-1] == (3, ": memory is too small for one configuration, and not for the others")


def test_crash_is_out_of_memory_where_the_kernel_has_killed(made, statistics):
    """Ray does not know why a worker ended; a kill is taken for one crash only."""
    one, _ = made
    assert fails(one, "a", CRASH) == CRASH
    statistics.write_text("oom_kill 4\n")
    assert fails(one, "b", CRASH).reason == OUT_OF_MEMORY
    assert fails(one, "c", CRASH) == CRASH
    assert one.number() == 2


def groups(folder, monkeypatch, version):
    """Make a control group of processes and be in it; return the file of what the kernel counts of it."""
    own = folder / "proc/self"
    own.mkdir(parents=True)
    (own / "cgroup").write_text("4:memory:/other\n" + ("8:pids:/here\n" if version == 1 else "0::/here\n"))
    kind = "cgroup cgroup rw,pids" if version == 1 else "cgroup2 cgroup rw"
    (own / "mountinfo").write_text(f"31 23 0:28 / /groups rw - {kind}\n")
    events = folder / "groups/here/pids.events"
    events.parent.mkdir(parents=True)
    events.write_text("max 5\n")
    monkeypatch.setattr(kernel, "ROOT", folder)
    return events


@pytest.mark.parametrize("version", [1, 2])
def test_crash_is_want_of_processes_where_the_group_has_as_many_as_it_may(tmp_path, monkeypatch, version):
    """A worker that cannot start a thread just ends; the limit is named, and no attempt is used up."""
    events = groups(tmp_path, monkeypatch, version)
    one = Crew(lambda _: 3, is_local=True)
    assert one.weigh("a", CRASH) == CRASH
    events.write_text("max 6\n")
    meant = one.weigh("b", CRASH)
    assert meant.reason == "no further process or thread can start: pids.max was reached"
    assert (meant.is_want, meant.counted, meant.story) == (True, False, CRASH.story)
    assert one.weigh("c", CRASH) == CRASH


@pytest.mark.parametrize("content", ["", "pgfault 7\n", None])
def test_kernel_that_does_not_count_has_killed_nothing(statistics, content):
    """Other systems have no such file."""
    statistics.unlink()
    if content is not None:
        statistics.write_text(content)
    one = Crew(lambda _: 3, is_local=True)
    assert one.weigh("a", CRASH) == CRASH


def test_workers_of_other_machines_have_memory_of_their_own(statistics):
    """On a cluster what fails for want of memory is what Ray says it is, and no worker is taken away."""
    one = Crew(lambda _: 3)
    for key in "ab":
        one.begin(key)
    statistics.write_text("oom_kill 4\n")
    assert [one.weigh("a", each) for each in (KILLED, REFUSED, CRASH)] == [KILLED, REFUSED, CRASH]
    assert one.number() == 3


def test_runtime_that_the_kernel_ended_takes_a_worker_away(made, statistics):
    """The process that it ends need not be a worker; in the next runtime nobody has anything yet."""
    one, told = made
    one.lose_runtime()
    assert told == []
    statistics.write_text("oom_kill 4\n")
    one.lose_runtime()
    assert told == [(2, ": memory does not hold 3")]
    one.begin("alone")
    assert one.weigh("alone", REFUSED) == Failure(OUT_OF_MEMORY, "MemoryError", retried=False)
