"""Every benchmark runs at its smallest size, and writes its section and no other. No figure is asserted."""

import ast
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from commands import ROOT, bfloat16_is_here, clean_environment, invoke

from benchmarks import dashboard, quality, results
from benchmarks.networks import NETWORKS
from benchmarks.peers import space
from benchmarks.search import check
from benchmarks.systems import BenchmarkError, Run, Trial, had_no_time, run_command
from search.study.space import Space
from trainable.problems import BUILT_IN

SMALLEST = {
    "engine": ["--images", "2000", "--rounds", "1"],
    "precision": ["--seeds", "2"],
    "search": ["--smoke"],
    "quality": ["--smoke"],
    "verdicts": ["--searches", "50", "--studies", "50"],
    "stopping": [str(ROOT / "tests/studies/version-0.1.0-first.db")],
    "calibration": ["--smoke", "--networks", "5", "--comparisons", "3"],
    "table": ["--smoke", "--configurations", "2"],
    "defaults": ["--searches", "2", "--trials", "4", "--only", "before"],
    "whole": ["--runs", "1", "--trials", "1"],
    "driver": ["--trials", "8"],
    "memory": ["--trials", "12"],
    "dashboard": ["--trials", "60", "--repeat", "1", "--page", "Overview"],
}


def run_benchmark(name, *arguments):
    """Run a benchmark as a person would."""
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT, env=clean_environment(),
    )  # fmt: skip


# They take 10 seconds to two minutes each.
LONG = (
    "search",
    "verdicts",
    "quality",
    "whole",
    "memory",
    "dashboard",
    "precision",
    "driver",
    "calibration",
    "engine",
    "table",
    "defaults",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.thorough) if name in LONG else name for name in SMALLEST]
)
def test_benchmark_runs_at_its_smallest_size(name, tmp_path):
    """The section has a title, the command, the machine, the versions and a table; those with peers run every peer."""
    check_section(name, SMALLEST[name], tmp_path / "RESULTS.md")


# Of what matters to a benchmark; TensorFlow's, where no other is named.
VERSIONS = {"defaults": "optuna 5.", "dashboard": "streamlit 1.", "verdicts": "scipy 1.", "stopping": "optuna 5."}


def check_section(name, options, file):
    """Run a benchmark and look at what it has written."""
    result = run_benchmark(name, *options, "--results", str(file))
    if name == "precision" and not bfloat16_is_here():
        assert result.returncode == 2
        assert result.stderr.startswith("error: bfloat16 needs a processor")
        return
    assert result.returncode == 0, result.stderr
    text = file.read_text()
    assert text.count(": begin -->") == 1
    assert f"<!-- {name}: begin -->\n## " in text
    assert f"`python -m benchmarks.{name}" in text
    assert VERSIONS.get(name, "tensorflow 2.") in text
    assert "| ---" in text
    assert "nan" not in text


@pytest.mark.thorough
def test_page_that_stays_open_has_a_section_of_its_own(tmp_path):
    """With the sizes of server and browser while the search goes on."""
    file = tmp_path / "RESULTS.md"
    options = ("--trials", "60", "--repeat", "1", "--page", "Overview", "--stay", "10s")
    result = run_benchmark("dashboard", *options, "--results", str(file))
    assert result.returncode == 0, result.stderr
    text = file.read_text()
    assert "<!-- dashboard-memory: begin -->\n## " in text
    assert "| 0:10 | " in text


@pytest.mark.thorough
def test_driver_keeps_workers_busy(tmp_path):
    """The figures of workers that wait have a section of their own, which names the command that makes it."""
    file = tmp_path / "RESULTS.md"
    result = run_benchmark("driver", "--workers", "2", "--seconds", "3", "--results", str(file))
    assert result.returncode == 0, result.stderr
    text = file.read_text()
    assert text.count(": begin -->") == 1
    assert "<!-- workers: begin -->\n## " in text
    assert "`python -m benchmarks.driver --workers 2" in text
    for sampler in ("random", "tpe"):
        [share] = re.findall(rf"^\| 2 \| {sampler} \| ([0-9.]+) \|", text, re.MULTILINE)
        assert float(share) > 0


def test_workers_that_memory_cannot_hold_are_refused(tmp_path):
    """In one line, before anything is started."""
    result = invoke("benchmarks.driver", "--workers", "2,1000000", "--results", tmp_path / "RESULTS.md")
    assert result.returncode == 2
    assert re.fullmatch(
        r"error: --workers: the free memory holds [0-9]+ workers of [0-9]+ MiB, got 1000000\n", result.stderr
    )
    assert not (tmp_path / "RESULTS.md").exists()


@pytest.mark.parametrize("name", SMALLEST)
def test_wrong_option_is_one_line(name):
    """As for every command of this project."""
    result = invoke(f"benchmarks.{name}", "--results")
    assert result.returncode == 2
    assert result.stderr == "error: --results: expected one argument\n"


def test_results_that_could_not_be_written_are_refused_before_anything_is_measured(tmp_path):
    """An hour's figures shall not be lost to a typing error."""
    result = invoke("benchmarks.whole", "--results", tmp_path / "missing" / "RESULTS.md")
    assert result.returncode == 2
    assert "--results: must be a file in a folder that exists" in result.stderr


def test_peers_search_the_built_in_space():
    """Their plain numbers are those of the project's own space."""
    built_in = {name: vars(each) for name, each in Space.default(BUILT_IN).distributions.items()}
    ranges = {"hidden_units": space.HIDDEN_UNITS, "learning_rate": space.LEARNING_RATE, "epochs": space.EPOCHS}
    assert {name: (built_in[name]["low"], built_in[name]["high"]) for name in ranges} == ranges
    assert built_in["batch_size"]["choices"] == space.BATCH_SIZES
    for configuration in NETWORKS[space.MLP].draw(24):
        Space.default(BUILT_IN).check(configuration, "a configuration of the list")


def test_peers_train_within_the_space_of_the_file():
    """Their plain numbers are those that the file of the convolutional network says, and the list keeps to them."""
    [given] = [
        ast.literal_eval(each.value)
        for each in ast.parse((ROOT / "benchmarks" / "cnn.py").read_text()).body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "SPACE"
    ]
    searched = space.SPACES[space.CNN]
    ranges = {**searched.sizes, "learning_rate": searched.learning_rate, "epochs": searched.epochs}
    assert {name: (given[name]["low"], given[name]["high"]) for name in ranges} == ranges
    assert tuple(given["batch_size"]["choices"]) == searched.batch_sizes
    assert given.keys() == set(searched.names)
    for configuration in [*NETWORKS[space.CNN].draw(24), *NETWORKS[space.CNN].smoke]:
        searched.check(configuration)
        assert configuration["batch_size"] in searched.batch_sizes
        assert [name for name, (low, high) in ranges.items() if not low <= configuration[name] <= high] == []


def listed(**changes):
    """The trial of a configuration, ended."""
    params = {"hidden_units": 64, "learning_rate": 0.001, "batch_size": 128, "epochs": 3}
    return Trial(**({"seconds": 1.0, "val_accuracy": 0.9, "epochs": 3, "params": params} | changes))


@pytest.mark.parametrize(
    "trials", [[], [listed(), listed()], [listed(epochs=2)], [listed(params={**listed().params, "batch_size": 64})]]
)
def test_nobody_wins_by_training_something_else(trials):
    """A configuration that is missing, doubled, shortened or another one ends the comparison."""
    asked = [dict(listed().params)]
    network = NETWORKS[space.MLP]
    check(network, "exact", Run(1.0, [listed()]), asked)
    with pytest.raises(BenchmarkError, match="peer trained"):
        check(network, "peer", Run(1.0, trials), asked)


def test_time_to_a_target_counts_the_first_trial_that_reached_it():
    """Trials after the time do not count, and a search that did not get there is slower than any that did."""
    late = [
        listed(seconds=9.0, val_accuracy=0.99),
        listed(seconds=2.0, val_accuracy=0.97),
        listed(seconds=4.0, val_accuracy=0.98),
    ]
    run = quality.in_time(Run(10.0, late), 5)
    assert [quality.reached(run, target) for target in (0.9, 0.975, 0.99)] == [2.0, 4.0, math.inf]
    assert quality.time_cell([3.0, math.inf, 2.0], 5) == "3.0 (2.0 to > 5)"
    assert quality.time_cell([math.inf, math.inf, 2.0], 5) == "> 5 (2.0 to > 5)"
    np.testing.assert_array_equal(quality.best_by(run, np.array([0.0, 2.0, 3.0, 5.0])), [0, 0.97, 0.97, 0.98])


def test_refresh_lasts_from_its_first_question_to_its_last_answer():
    """The parts of a page ask at about the same moment; a question without an answer yet is no refresh."""
    assert dashboard.refreshes([], [9.0]) == []
    asked, answered = [10.0, 10.1, 12.0, 14.0], [9.0, 10.2, 10.4, 12.25]
    np.testing.assert_allclose(dashboard.refreshes(asked, answered), [0.4, 0.25])


def test_trial_is_seen_with_its_number_or_a_greater_one():
    """Commits from before the page was watched, and those that it has not shown yet, do not count."""
    noted = {"since": 10.0, "seen": {"4": 10.1, "6": 12.0}}
    assert dashboard.delays([(4, 9.0), (5, 11.0), (6, 11.5), (7, 12.5)], noted) == [1.0, 0.5]


def test_failed_command_ends_the_benchmark_with_its_last_words(tmp_path):
    """Nothing of a peer's failure is swallowed."""
    with pytest.raises(BenchmarkError, match=r"status 3:\nthis went wrong"):
        run_command(
            [sys.executable, "-c", "import sys; print('this went wrong', file=sys.stderr); sys.exit(3)"], tmp_path
        )


@pytest.mark.parametrize(("stopped", "is_result"), [("timeout", True), ("failed", False)])
def test_search_without_a_trial_in_its_time_is_a_result(stopped, is_result, tmp_path):
    """On a slow machine a system may end nothing in its time; a search that failed says something else."""
    program = f'import sys; print(\'{{"stopped": "{stopped}"}}\'); sys.exit(1)'
    command = [sys.executable, "-c", program]
    if is_result:
        assert json.loads(run_command(command, tmp_path, excused=had_no_time).stdout) == {"stopped": stopped}
    else:
        with pytest.raises(BenchmarkError, match="status 1"):
            run_command(command, tmp_path, excused=had_no_time)


def test_section_is_replaced_and_the_others_stay(tmp_path):
    """Sections keep their order, whatever the order in which they were measured."""
    file = tmp_path / "RESULTS.md"
    for name, body in (("driver", "old"), ("engine", "first"), ("driver", "new")):
        results.record(name, name.title(), body, file)
    text = file.read_text()
    assert "old" not in text
    assert text.index("## Engine") < text.index("first") < text.index("## Driver") < text.index("new")
    with pytest.raises(ValueError, match="a section is one of"):
        results.record("other", "Other", "", file)


def test_spread_and_table_are_markdown():
    """The median with its range, and columns of figures to the right."""
    assert results.spread([3.0, 1.0, 2.0], 1) == "2.0 (1.0 to 3.0)"
    assert results.spread([3.0], 1) == "3.0"
    assert results.table(["a", "b"], [[1, 2]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_search_whose_time_is_up_ends_well_however_long_its_end_takes():
    """The alarm is repeated, for whoever takes it for nothing; a process that is ending already shall not die of it."""
    script = """
import time
from benchmarks.peers import command

class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(1)

slow, command.AGAIN = Slow(), 0.3
command.exit_after(0.05)
time.sleep(60)
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=clean_environment(), check=False)
    assert ended.returncode == 0
