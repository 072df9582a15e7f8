"""A confirmation where processes die: real kills, real Ray, the real images."""

import functools
import json
import subprocess
import sys
import time
from random import Random

import pytest
from commands import (
    ROOT,
    assert_nothing_left,
    clean_environment,
    family_of,
    kill_workers,
    run_command,
    study_of,
    wait_until,
)

from search.confirmation.candidates import CONFIRMED, TESTED
from search.confirmation.record import CONFIRMATION, evidence_of
from search.confirmation.wording import sentence_of
from search.study.study import count

# With a baseline whose networks take two seconds: long enough to be killed in training.
SPACE = """
hidden_units = {type = "categorical", choices = [8, 16, 64], default = 64}
learning_rate = {type = "float", low = 1e-3, high = 1e-2, log = true}
batch_size = {type = "categorical", choices = [128, 512]}
epochs = {type = "int", low = 1, high = 5, default = 5}
"""


@functools.cache
def opened(runs):
    """The study, opened once: it is asked again and again."""
    return study_of(runs, "c")


def attributes_of(runs):
    """What the study has on record besides its trials."""
    try:
        return opened(runs).user_attrs
    except Exception:  # noqa: BLE001 (the file or its tables are not there yet)
        return {}


def networks(runs):
    """What the study says of each network of its confirmation."""
    return {key: value for key, value in attributes_of(runs).items() if key.split(":")[0] in (CONFIRMED, TESTED)}


@pytest.fixture
def arguments(tmp_path):
    """A command whose confirmation is of one small configuration and ten networks of the baseline."""
    space = tmp_path / "space.toml"
    space.write_text(SPACE)
    return (
        "--trials", 3, "--study", "c", "--runs", tmp_path, "--space", space, "--seed", 1,
        "--confirm-top", 1, "--confirm-seeds", 8, "--json",
    )  # fmt: skip


def start(arguments, stderr):
    """Start the command with two workers."""
    return subprocess.Popen(
        [sys.executable, "-m", "search.run", *map(str, arguments), "--workers", "2"],
        cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=stderr, text=True,
    )  # fmt: skip


def assert_whole(runs):
    """Every network of the verdict is on record once, and the looks at the test images are those of one verdict."""
    study = study_of(runs, "c")
    evidence = evidence_of(study.user_attrs, 0)
    assert set(networks(runs)) == {each.key for each in evidence.networks}
    assert len(evidence.networks) == 8 + 10
    assert [(each.candidate, each.number) for each in evidence.analyses] == [(evidence.winner.name, 1)]
    assert {look.candidates[0]: look.seeds for look in evidence.looks} == {evidence.winner.name: 8, "baseline": 10}
    assert (evidence.looked, len(evidence.looks)) == (1, 2)
    assert count(study.trials).finished == 3
    return evidence


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_kills_cost_no_more_than_the_networks_in_training(arguments, tmp_path):
    """A killed worker's network is trained again; a driver that is killed five times loses no network that is known.

    The same command trains only what is missing, and the test images were looked at once for each finalist. The driver
    is killed when a network is known and then at times spread from the start of the workers, which takes them about
    five seconds, to their first networks; each start of Ray takes seconds, the test minutes.
    """
    random, log = Random(1), tmp_path / "progress.txt"
    with log.open("w") as stream:
        process = start(arguments, stderr=stream)
    # No worker has a trial any more then.
    wait_until(lambda: CONFIRMATION in attributes_of(tmp_path), 150, "the confirmation begins", process)
    known = networks(tmp_path)
    kill_workers(process)  # one of them at least has a network in training
    wait_until(lambda: len(networks(tmp_path)) > len(known), 150, "one more network is known", process)
    known = killed(process, tmp_path, known)
    assert "crashed: trained again" in log.read_text()
    trials = study_of(tmp_path, "c").trials
    for part in range(4):
        with log.open("w") as stream:
            process = start(arguments, stderr=stream)
        wait_until(lambda: "starting 2 workers" in log.read_text(), 150, "workers start", process)
        time.sleep(random.uniform(2 * part, 2 * part + 2))  # whatever is going on then
        known = killed(process, tmp_path, known)

    result = run_command("search.run", *arguments, timeout=300)
    assert result.returncode == 0, result.stderr
    found = networks(tmp_path)
    assert {key: found[key] for key in known} == known
    lines = [line for line in result.stderr.splitlines() if line.startswith("confirm ")]
    assert len(lines) == len(found) - len(known)
    assert study_of(tmp_path, "c").trials == trials
    evidence = assert_whole(tmp_path)
    assert json.loads(result.stdout)["confirmed"]["verdict"] == evidence.verdict.word
    assert f"verdict    {sentence_of(evidence)}" in result.stderr


def killed(process, runs, known):
    """Kill the driver; return the networks that the study knows then, among them unchanged those known before."""
    family = family_of(process)
    process.kill()
    process.communicate()
    assert_nothing_left(family)
    found = networks(runs)
    assert {key: found[key] for key in known} == known
    return found
