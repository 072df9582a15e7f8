"""A confirmation where processes die: real kills, real Ray, the real images."""

import json
import subprocess
import sys

import pytest
from commands import (
    ROOT,
    SPACE_WITH_BASELINE,
    assert_nothing_left,
    clean_environment,
    family_of,
    kill_workers,
    run_command,
    study_of,
    wait_until,
)

from search.answer import CONFIRMATION, CONFIRMED, TESTED, answer_of
from search.study import count


def attributes_of(runs):
    """What the study has on record besides its trials."""
    try:
        return study_of(runs, "c").user_attrs
    except Exception:  # noqa: BLE001 (the file or its tables are not there yet)
        return {}


def networks(runs):
    """What the study says of each network of its confirmation."""
    return {key: value for key, value in attributes_of(runs).items() if key.split(":")[0] in (CONFIRMED, TESTED)}


@pytest.mark.thorough
def test_killed_worker_and_driver_cost_no_more_than_the_networks_in_training(tmp_path):
    """The same command trains only what is missing, and the test images were looked at once for each finalist."""
    space = tmp_path / "space.toml"
    space.write_text(SPACE_WITH_BASELINE)
    arguments = (
        "--trials", 3, "--study", "c", "--runs", tmp_path, "--space", space, "--seed", 1,
        "--confirm-top", 1, "--confirm-seeds", 2, "--json",
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "search.run", *map(str, arguments)],
        cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # No worker has a trial any more then.
    wait_until(lambda: CONFIRMATION in attributes_of(tmp_path), 150, "the confirmation begins", process)
    known = len(networks(tmp_path))
    kill_workers(process)  # one of them at least has a network in training
    wait_until(lambda: len(networks(tmp_path)) > known, 150, "one more network is known", process)
    family = family_of(process)
    process.kill()
    _, stderr = process.communicate()
    assert_nothing_left(family)
    assert "crashed: trained again" in stderr
    before, trials = networks(tmp_path), study_of(tmp_path, "c").trials

    result = run_command("search.run", *arguments, timeout=200)
    assert result.returncode == 0, result.stderr
    after, study = networks(tmp_path), study_of(tmp_path, "c")
    assert {key: after[key] for key in before} == before
    lines = [line for line in result.stderr.splitlines() if line.startswith("confirm ")]
    assert len(lines) == len(after) - len(before)
    assert study.trials == trials
    assert count(study.trials).finished == 3
    answer = answer_of(study.user_attrs)
    told = json.loads(result.stdout)["confirmed"]
    assert told["verdict"] == answer.verdict.word
    assert {key for key in after if key.startswith(TESTED)} == {
        f"{TESTED}:{each.name}:{seed}" for each in answer.finalists for seed in answer.final_seeds
    }
    looks = {name for look in told["looks"] for name in look["candidates"]}
    assert looks == {each.name for each in answer.finalists}
    assert told["looked"] == 1
    assert f"verdict    {answer.sentence}" in result.stderr
