"""The command line: defaults, and one clear line for everything that is wrong."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from unittest import mock

import pytest
from commands import run_command
from hypothesis import given
from hypothesis import strategies as st

from search.__main__ import COMMANDS
from search.errors import UsageError
from search.run.options import MAX_SEED, parse, read_configurations
from search.storage.address import open_storage, sqlite_file
from search.study.samplers import PRUNERS, SAMPLERS
from search.terminal.arguments import default_storage, duration


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in ("SEARCH_STORAGE", "SEARCH_RUNS", "SEARCH_DATA"):
        monkeypatch.delenv(name, raising=False)


def test_defaults_are_the_documented_ones():
    """Without options: 50 trials, a study named by the time, SQLite below runs."""
    options = parse([])
    assert options.trials == 50
    assert re.fullmatch(r"mnist-\d{8}-\d{6}", options.study)
    assert options.storage == "sqlite:///runs/studies.db"
    assert (options.cpus_per_trial, options.gpus_per_trial, options.max_retries) == (1, 0, 2)
    assert (options.baseline, options.json, options.workers, options.seed) == (True, False, None, None)


def test_environment_gives_storage_and_runs(monkeypatch):
    """SEARCH_STORAGE and SEARCH_RUNS serve where the options are not given; an option wins."""
    monkeypatch.setenv("SEARCH_RUNS", "/srv/runs")
    assert parse([]).storage == "sqlite:////srv/runs/studies.db"
    monkeypatch.setenv("SEARCH_STORAGE", "sqlite:///other.db")
    assert parse([]).storage == "sqlite:///other.db"
    assert parse(["--storage", "sqlite:///mine.db"]).storage == "sqlite:///mine.db"
    assert parse([]).runs == Path("/srv/runs")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trials", "0"], "--trials: must be a whole number of at least 1, got '0'"),
        (["--trials", "many"], "--trials: must be a whole number of at least 1, got 'many'"),
        (["--trials", "1.5"], "--trials: must be a whole number"),
        (["--trials"], "--trials: expected one argument"),
        (["--sampler", "annealing"], "--sampler: invalid choice: 'annealing' (choose from"),
        (["--pruner", "x"], "--pruner: invalid choice: 'x'"),
        (["--seed", "-1"], f"--seed: must be a whole number from 0 to {MAX_SEED}, got '-1'"),
        (["--workers", "0"], "--workers: must be a whole number from 1 to 100000, got '0'"),
        (["--workers", "999999999999999999"], "--workers: must be a whole number from 1 to 100000"),
        (["--cpus-per-trial", "0"], "--cpus-per-trial: must be a number greater than 0"),
        (["--cpus-per-trial", "1.5"], "whole where above 1, got '1.5'"),
        (["--cpus-per-trial", "nan"], "--cpus-per-trial: must be a number"),
        (["--cpus-per-trial", "0.00005"], "no fraction below 0.0001, whole where above 1, got '0.00005'"),
        (["--gpus-per-trial", "-1"], "--gpus-per-trial: must be a number of at least 0"),
        (["--gpus-per-trial", "5e-324"], "--gpus-per-trial: must be a number of at least 0"),
        (["--timeout", "soon"], "--timeout: must be a duration such as 90s, 30m, 1h30m or 5400 (seconds), got 'soon'"),
        (["--timeout", "0"], "--timeout: must be a duration"),
        (["--timeout", "9" * 400], "--timeout: must be a duration"),
        (["--address", "head"], "--address: must be auto or HOST:PORT, got 'head'"),
        (["--address", "ray://head:10001"], "--address: must be auto or HOST:PORT, got 'ray://head:10001'"),
        (["--address", "head..example:6379"], "--address: must be auto or HOST:PORT"),
        (["--address", "head:65536"], "--address: must be auto or HOST:PORT"),
        (["--max-retries", "-1"], "--max-retries: must be a whole number of at least 0"),
        (["--confirm-top", "0"], "--confirm-top: must be a whole number from 1 to 100, got '0'"),
        (["--confirm-seeds", "1"], "--confirm-seeds: must be a whole number from 2 to 100, got '1'"),
        (["--no-confirm", "--confirm-seeds", "3"], "--confirm-seeds: is for a confirmation, which --no-confirm leaves"),
        (["--no-test", "--confirm-seeds", "3"], "--confirm-seeds: is for a verdict, which --no-test leaves out"),
        (["--no-test", "--explain"], "--explain: is for a verdict, which --no-test leaves out"),
        (["--study", "../etc"], "--study: must be 1 to 100 letters"),
        (["--study", ""], "--study: must be 1 to 100 letters"),
        (["--study=--"], "--study: "),
        (["--max-retries=--"], "--max-retries: "),
        (["--runs", "x" * 256], "--runs: "),
        (["--runs", "new/" + "x" * 256], "--runs: must have at most 400 bytes, 255 a name, got 'new/xxx"),
        (["--runs", "x/" * 200], "--runs: must have at most 400 bytes"),
        (["--runs", "file:x"], "--runs: must not begin with file:"),
        (["--runs", __file__], "--runs: must be a directory, or a new one, but "),
        (["--runs", f"{__file__}/below"], "--runs: must be a directory, or a new one, but "),
        (["--runs", "two\nlines"], "--runs: must be UTF-8 without control characters such as line breaks"),
        (["--data", "not UTF-8: \udcff"], "--data: must be UTF-8 without control characters"),
        (["--storage", "sqlite:///two\nlines"], "--storage: must be UTF-8 without control characters"),
        (["two\nlines"], r"unrecognized arguments: two\nlines"),
        (["--storag", "postgresql://ann:a@b@h/s"], "unrecognized arguments: --storag postgresql://ann:***@h/s"),
        (["--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["--trial", "3"], "unrecognized arguments: --trial 3"),
    ],
)
def test_wrong_options_give_one_line_and_status_2(arguments, message, capsys):
    """The line names the option, the value and what is allowed."""
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    said = capsys.readouterr()
    assert end.value.code == 2
    assert said.out == ""
    assert message in said.err
    assert len(said.err.splitlines()) == 1


@given(st.text(st.characters(exclude_characters="\u2028\u2029", exclude_categories=["Cs", "Cc"]), min_size=1))
def test_default_storage_is_in_the_runs_directory(name):
    """Characters that a URL gives a meaning are only characters in the name of a directory."""
    assert sqlite_file(default_storage(Path(name))) == Path(name) / "studies.db"


@pytest.mark.parametrize("name", ["a{b", "a{b}", "a?timeout=b", "a%20b%", "a#b"])
def test_default_storage_can_be_opened(name, tmp_path):
    """No character in the name of the runs directory stands for something else."""
    open_storage(default_storage(tmp_path / name))
    assert (tmp_path / name / "studies.db").exists()


@given(st.integers(0, 99), st.integers(0, 999), st.integers(0, 9999))
def test_durations_add_up(hours, minutes, seconds):
    """Hours, minutes and seconds in one word give their sum in seconds."""
    total = 3600 * hours + 60 * minutes + seconds
    text = f"{hours}h{minutes}m{seconds}s"
    if total:
        assert duration(text) == total
    else:
        with pytest.raises(Exception, match="must be a duration"):
            duration(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("5400", 5400), ("2h", 7200), ("1h5s", 3605), (" 1m30s ", 90)],
)
def test_documented_durations_are_read(text, seconds):
    """Hours, minutes and seconds, each with its letter; a number alone is seconds."""
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "1h30", "30m15", "1h30m15", "1m1h", "1h1h", "1s1m", "", " ", "h", "s", "-5", "-1h", "+5", "nan", "inf", "1.5h",
        "1e3", "1 h", "1h 30m", "1H", "5d", "0", "0s", "0h0m0s", "1_000", "\u0665", "9" * 10,
    ],
)  # fmt: skip
def test_durations_that_could_be_misread_are_refused(text, capsys):
    """A number after a unit needs its own: 1h30 is no half past one, and not one hour and 30 seconds either."""
    with pytest.raises(SystemExit) as end:
        parse([f"--timeout={text}"])
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        f"error: --timeout: must be a duration such as 90s, 30m, 1h30m or 5400 (seconds), got {text!r}\n"
    )


def test_configurations_are_read_with_their_lines(tmp_path):
    """Each line is an object, empty lines are passed over, and the line's number goes along."""
    file = tmp_path / "first.jsonl"
    file.write_text('{"epochs": 1}\n\n{"epochs": 2}\n')
    assert read_configurations(file) == [
        (f"--enqueue {file}: line 1", {"epochs": 1}),
        (f"--enqueue {file}: line 3", {"epochs": 2}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "line 1: not JSON"),
        (b"[1]", "line 1: must be a JSON object"),
        (b"\xff{}", "not a text file: .* invalid start byte"),
        (b"\xff\xfe{\0}\0", "is UTF-16, or no text file; save it as UTF-8"),
        (b"{\0}\0", "is UTF-16, or no text file; save it as UTF-8"),
        (b'{"epochs": 1, "epochs": 2}', "line 1: not JSON: a key is there more than once"),
        (None, "No such file"),
    ],
)
def test_wrong_configuration_files_are_refused(content, message, tmp_path):
    """The message names the file and the line."""
    file = tmp_path / "first.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=f"first.jsonl: .*{message}" if content else "first.jsonl: No such file"):
        read_configurations(file)


def test_configurations_of_other_editors_are_read(tmp_path):
    """A byte-order mark, lines ended as on Windows, and characters that only some programs take for a line's end."""
    file = tmp_path / "first.jsonl"
    file.write_bytes('\ufeff{"epochs": 1}\r\n{"\u2028\x85": 2}\r{"epochs": 3}'.encode())
    assert read_configurations(file) == [
        (f"--enqueue {file}: line 1", {"epochs": 1}),
        (f"--enqueue {file}: line 2", {"\u2028\x85": 2}),
        (f"--enqueue {file}: line 3", {"epochs": 3}),
    ]


def test_offered_names_are_those_that_exist():
    """The command line offers exactly the samplers and pruners that can be made."""
    from search.run import options

    assert set(options.SAMPLER_NAMES) == set(SAMPLERS)
    assert set(options.PRUNER_NAMES) == set(PRUNERS)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_search_alone_says_which_commands_there_are(arguments):
    """Each with a line on what it does; that is an answer, no error."""
    result = run_command("search", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert [line[0] for line in lines if line and line[0] in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs_behind_search_as_by_its_own_name(command):
    """`python -m search run` is `python -m search.run`, with the same answer and status."""
    for arguments, status in ((["--help"], 0), (["--no-such-option"], 2)):
        behind, own = (run_command(*words, *arguments) for words in (("search", command), (f"search.{command}",)))
        assert (behind.returncode, behind.stdout, behind.stderr) == (own.returncode, own.stdout, own.stderr)
        assert behind.returncode == status


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runn"], "error: COMMAND: invalid choice: 'runn' (choose from "),
        (["--trials", "5"], "error: COMMAND: invalid choice: '5' (choose from "),
        (["two\nlines"], "error: COMMAND: invalid choice: "),
    ],
)
def test_unknown_command_is_one_line_and_status_2(arguments, message):
    """The line has the commands that there are."""
    result = run_command("search", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(message)
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("module", ["search", *(f"search.{command}" for command in COMMANDS)])
def test_version_is_that_of_the_package(module):
    """Whatever command is asked; nothing else is done."""
    result = run_command(module, "--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"mnist-search {version('mnist-search')}\n", "")


def test_version_of_what_is_not_installed_is_not_known(monkeypatch, capsys):
    """A copy of the code alone has no version, and says so."""
    monkeypatch.setattr("importlib.metadata.version", mock.Mock(side_effect=PackageNotFoundError))
    with pytest.raises(SystemExit) as end:
        parse(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, "mnist-search, not installed: its version is not known\n")
