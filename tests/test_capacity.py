"""What a process may use of its machine, within the limits that are set around it."""

import os

import pytest

from search.errors import UsageError
from search.study.data import check_memory, check_training_memory
from search.surroundings.capacity import (
    COPIES,
    INCLUDED,
    RUNTIME_MEMORY,
    SMALL,
    WORKER_MEMORY,
    Capacity,
    Demand,
    capacity_here,
)

CONTAINER = {  # version 2, in a namespace of its own
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
}
BATCH_JOB = {  # version 2, on a host
    "proc/self/cgroup": "0::/slurm/job 7\n",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
}
OLD_CONTAINER = {  # version 1: the path is the host's, and the mount is the container's own part of it
    "proc/self/cgroup": "12:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n",
    "proc/self/mountinfo": "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro master:15 - cgroup cgroup rw,memory\n",
}
FREE = {"proc/meminfo": "MemTotal:   33554432 kB\nMemAvailable:   16777216 kB\n"}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Makes a machine of eight processors out of files, by their path."""
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))

    def make(files):
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return capacity_here(tmp_path)

    return make


@pytest.mark.parametrize(
    ("surroundings", "limits", "expected"),
    [
        ({}, {}, 8),
        (CONTAINER, {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        (CONTAINER, {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (CONTAINER, {"sys/fs/cgroup/cpu.max": "250000 100000\n"}, 3),
        (BATCH_JOB, {"sys/fs/cgroup/slurm/job 7/cpu.max": "400000 100000\n"}, 4),
        (
            BATCH_JOB,
            {
                "sys/fs/cgroup/slurm/cpu.max": "200000 100000\n",
                "sys/fs/cgroup/slurm/job 7/cpu.max": "400000 100000\n",
            },
            2,
        ),
        (
            OLD_CONTAINER,
            {
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (
            OLD_CONTAINER,
            {
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            8,
        ),
        (CONTAINER, {"sys/fs/cgroup/cpu.max": "900000 100000\n"}, 8),
    ],
)
def test_processors_are_those_that_a_quota_leaves(surroundings, limits, expected, machine):
    """A part of a processor counts as one, and the tightest group around the process decides."""
    assert machine(surroundings | limits).cpus == expected


def test_processors_are_those_of_the_affinity(machine, monkeypatch):
    """What a batch system or `taskset` leaves to a process is all there is."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 5})
    found = machine({})
    assert (found.cpus, found.all_cpus) == (2, 8)
    assert found.why(2, 2, SMALL) == ": this process may use 2 of the machine's 8 CPUs"


@pytest.mark.parametrize(
    ("surroundings", "limits", "expected"),
    [
        ({}, {}, None),
        ({}, FREE, 2**34),
        (CONTAINER, {"sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "5\n"} | FREE, 2**34),
        (
            CONTAINER,
            {
                "sys/fs/cgroup/memory.max": "4000\n",
                "sys/fs/cgroup/memory.high": "3000\n",
                "sys/fs/cgroup/memory.current": "1000\n",
                "sys/fs/cgroup/memory.stat": "anon 600\ninactive_file 300\n",
            }
            | FREE,
            2300,
        ),
        (
            OLD_CONTAINER,
            {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "4000\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
                "sys/fs/cgroup/memory/memory.stat": "inactive_file 7\ntotal_inactive_file 300\n",
            }
            | FREE,
            3300,
        ),
    ],
)
def test_memory_is_what_the_machine_and_the_groups_leave(surroundings, limits, expected, machine):
    """A cache that is given up on demand counts as free."""
    assert machine(surroundings | limits).memory == expected


@pytest.mark.parametrize(
    ("memory", "workers", "why"),
    [
        (None, 8, ""),
        (RUNTIME_MEMORY + 8 * WORKER_MEMORY, 8, ""),
        (RUNTIME_MEMORY + 3 * WORKER_MEMORY, 3, ": 3.3 GB of memory are free, and a worker takes 0.7"),
        (0, 1, ": 0.0 GB of memory are free, and a worker takes 0.7"),
    ],
)
def test_memory_holds_so_many_workers_and_one_at_least(memory, workers, why):
    """Fewer workers than processors are told with the reason; none would be no search."""
    capacity = Capacity(8, 8, memory)
    assert min(8, capacity.held(SMALL)) == workers
    assert capacity.why(workers, 8, SMALL) == why


def test_large_data_leave_room_for_fewer_workers():
    """A worker is counted with its copies of the data; what the measured figures hold already is not counted twice."""
    large = Demand(INCLUDED + 10**9)
    memory = RUNTIME_MEMORY + 10**9 + 3 * (WORKER_MEMORY + COPIES * 10**9)
    assert Capacity(8, 8, memory).held(large) == 3
    assert Capacity(8, 8, memory - 1).held(large) == 2
    why = f": {memory / 1e9:.1f} GB of memory are free, and a worker takes {0.7 + COPIES:.1f}"
    assert Capacity(8, 8, memory).why(3, 8, large) == why
    assert [getattr(Demand(INCLUDED), name) for name in ("store", "worker", "runtime")] == [
        getattr(SMALL, name) for name in ("store", "worker", "runtime")
    ]


def test_what_scores_models_is_counted_beside_the_workers():
    """It has a TensorFlow of its own, and the examples."""
    data = INCLUDED + 10**9
    alone, asked = Demand(data), Demand(data, is_asked=True)
    assert asked.runtime - alone.runtime == WORKER_MEMORY + 10**9
    assert (asked.worker, asked.store) == (alone.worker, alone.store)


def test_data_that_this_machine_cannot_hold_are_refused(machine, monkeypatch):
    """In one line, before they are read or anything is started, within the limits of a container, too."""
    limit = {"sys/fs/cgroup/memory.max": "4000000000\n", "sys/fs/cgroup/memory.current": "100000000\n"}
    monkeypatch.setattr("search.study.data.capacity_here", lambda: machine(CONTAINER | FREE | limit))
    check_memory(3_900_000_000, "--data big.npz")
    with pytest.raises(UsageError) as caught:
        check_memory(5_040_000_000, "--data big.npz")
    remedy = "3.9 GB are free: fewer features or examples, or a machine with more"
    assert str(caught.value) == f"--data big.npz: takes about 5.0 GB of memory once read; {remedy}"
    fits = (3_900_000_000 - SMALL.least) // (1 + COPIES) + INCLUDED
    check_training_memory(Demand(fits), "--data big.npz")
    for data, total in ((fits + 1, 3.9), (1_850_000_000, 9.1)):
        with pytest.raises(UsageError) as caught:
            check_training_memory(Demand(data), "--data big.npz")
        assert str(caught.value) == f"--data big.npz: needs about {total:.1f} GB of memory with 1 worker; {remedy}"


def test_data_are_not_refused_without_a_reason(monkeypatch):
    """Small data are tried however little is free; nothing is known of a file of unknown size, or of free memory."""
    monkeypatch.setattr("search.study.data.capacity_here", lambda: Capacity(1, 1, 10**6))
    check_training_memory(Demand(INCLUDED), "--data small.npz")
    check_memory(None, "--data small.csv")
    monkeypatch.setattr("search.study.data.capacity_here", lambda: Capacity(1, 1, None))
    check_memory(10**15, "--data big.npz")
    check_training_memory(Demand(10**15), "--data big.npz")


def test_limits_of_this_machine_can_be_read():
    """The real files are those that are looked for."""
    found = capacity_here()
    assert 1 <= found.cpus <= found.all_cpus
    assert found.memory is None or 10**8 < found.memory < 10**14
