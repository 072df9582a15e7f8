"""Bad input: whatever an option, file or variable says, a study runs or one line names what is wrong, and nothing is made."""

import contextlib
import io
import json
import os
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.data import load
from search.errors import UsageError
from search.options import _parser, parse
from search.plan import make_plan
from search.storage import one_line_errors, open_storage, sqlite_file
from search.study import enqueue, open_study, trial_seed
from trainable.config import PARAMETERS, Configuration

VARIABLES = {"SEARCH_STORAGE": "--storage", "SEARCH_RUNS": "--runs", "SEARCH_DATA": "--data"}
OPTIONS = [action.option_strings[-1] for action in _parser()._actions if action.dest != "help"]
VALID = [
    [],
    ["--no-baseline"],
    ["--seed", "3"],
    ["--workers", "2", "--json"],
    ["--sampler", "random", "--timeout", "9"],
]
PASSWORD = "s3cret"
HUGE = "9" * 5000
LONG = "x" * 300
NEAR = (
    "", "0", "1", "-1", " 5 ", "+5", "1_0", "٣", "0x10", "1.5", "0.3", "1e3", "nan", "inf", "-inf", "1e-320", "1e-5", HUGE,
    "9" * 400 + "h", "1h30m", "0s", "auto", "ray://h:1", "h:6379", "a..b:1", "h:99999", "[::1]:1", "-h", "--", "tpe", "grid",
    "none", "bfloat16", "night", "studies.db", "folder", "folder/new", "full", "full/below", LONG, f"new/{LONG}", "d/" * 200,
    "../up", "a?b", "a?timeout=x", "a%20b%", "a#b", "file:x", "two\nlines", "a\u2028b", "\x1b[31m", "a\udcffb",
    "first.jsonl", "space.toml",
)  # fmt: skip

# What the system hands over: no NUL, and of surrogates only those that stand for bytes that are no UTF-8.
texts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff\n\x85")
)
values = st.sampled_from(NEAR) | texts
urls = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(
        ["sqlite", "sqlite+pysqlite", "mysql", "oracle", "nosuch", "postgresql+nosuch", "SQLITE", "s p", ""]
    ),
    st.sampled_from(["", f"ann:{PASSWORD}@h", f"ann:{PASSWORD}@h:port", f"ann:a@{PASSWORD}@h"]),
    st.sampled_from(["/new.db", "/full", "/folder", "/", "/:memory:", "/a%20b", "/two\nlines", ""])
    | texts.map("/{}".format),
    st.sampled_from(["", "?", f"?password={PASSWORD}", f"?user=ann&passwd={PASSWORD}"]),
)


def outcome(folder, arguments):
    """Return the line that refuses a command, or None where its study was made and asked for trials."""
    before = sorted(folder.rglob("*"))
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = parse(arguments)
        with one_line_errors(options.storage):
            plan = make_plan(options)
        if options.data:
            load(options.data)
    except SystemExit as end:
        assert end.code == 2
        line = said.getvalue().removesuffix("\n")
    except UsageError as refusal:
        assert refusal.exit_status == 2
        line = f"error: {refusal}"
    else:
        make(folder, options, plan)
        return None
    assert sorted(folder.rglob("*")) == before
    assert line.startswith("error: ")
    assert line.splitlines() == [line]
    assert PASSWORD not in line
    return line


def make(folder, options, plan):
    """Make what was planned, unless it lies elsewhere, and ask for what was queued and one trial more."""
    file = sqlite_file(options.storage).resolve()
    if not (folder in file.parents and folder in options.runs.resolve().parents):
        return
    (options.runs / options.study).mkdir(parents=True)
    study = open_study(options.study, open_storage(options.storage, create=True), plan.settings)
    enqueue(study, plan.settings, plan.configurations)
    for number in range(len(study.get_trials(deepcopy=False)) + 1):
        trial = study.ask(dict(plan.settings.space.distributions))
        seed = trial_seed(plan.settings, number)
        Configuration.of(plan.settings.space.complete(trial.params) | {"seed": seed})


@contextlib.contextmanager
def place():
    """A directory to work in, with a full file and an empty folder; none of this project's variables is set."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name), mock.patch.dict(os.environ):
        for variable in VARIABLES:
            os.environ.pop(variable, None)
        folder = Path(name).resolve()
        (folder / "full").write_text("something")
        (folder / "folder").mkdir()
        yield folder


@given(st.sampled_from(OPTIONS), values | urls, st.booleans(), st.sampled_from(VALID))
@settings(max_examples=150, deadline=None)
def test_option_runs_or_is_named(option, text, joined, others):
    """Whatever text one option is given among valid ones, the study runs or the line names that option."""
    with place() as folder:
        line = outcome(folder, [*others, *([f"{option}={text}"] if joined else [option, text])])
        assert line is None or option in line or "unrecognized arguments" in line or "first.jsonl" in line, line
