"""Bad input: whatever is given, a study can be made and asked, or one line names what is wrong and nothing is made."""

import contextlib
import io
import json
import os
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import UsageError
from search.run.options import _parser, parse
from search.run.plan import make_plan
from search.storage.address import one_line_errors, open_storage, sqlite_file
from search.study.data import load
from search.study.samplers import SAMPLERS
from search.study.study import enqueue, open_study
from trainable.problems import BUILT_IN

VARIABLES = {"SEARCH_STORAGE": "--storage", "SEARCH_RUNS": "--runs", "SEARCH_DATA": "--data"}
OPTIONS = [action.option_strings[-1] for action in _parser()._actions if action.dest not in ("help", "version")]
OTHERS = [[], ["--no-baseline"], ["--seed", "3", "--json"], ["--sampler", "random", "--timeout", "9", "--workers", "2"]]
PASSWORD = "s3cret"
HUGE = "9" * 5000
NEAR = [
    "", "0", "1", "-1", " 5 ", "+5", "1_0", "\u0663", "0x10", "1.5", "0.3", "1e3", "nan", "inf", "-inf", "5e-324", HUGE,
    "9" * 400 + "h", "1h30m", "0s", "auto", "ray://h:1", "h:6379", "a..b:1", "h:99999", "[::1]:1", "--", "grid", "none",
    "bfloat16", "night", "studies.db", "studies.db-wal", "folder", "folder/new", "full", "full/below", "x" * 300,
    "new/" + "x" * 300, "d/" * 300, "d/" * 3000, "../up", "a?b", "a?timeout=x", "a%20b%", "a#b", "a{b}", "file:x",
    "two\nlines", "a\u2028b", "\x1b[31m", "a\udcffb",
]  # fmt: skip

# What the system hands over: no NUL, and of surrogates only those that stand for bytes which are not UTF-8.
characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff\n\x85")
texts = st.text(characters).filter(lambda text: text != "-h")
values = st.sampled_from(NEAR) | texts
paths = st.sampled_from(
    ["", "/new.db", "/full", "/folder", "//", "/:memory:", "/a%20b", "/two\nlines", "/a\udcffb", "/full/below.db",
     "/a{b}", "/n.db?timeout=a", f"ann:{PASSWORD}@h/n.db?password={PASSWORD}", f"/{'x' * 300}", f"/n/{'x' * 300}",
     "/file:x"]
)  # fmt: skip
files = st.builds("{}://{}".format, st.sampled_from(["sqlite", "sqlite+pysqlite", "SQLITE"]), paths)
schemes = st.sampled_from(["mysql", "oracle", "nosuch", "postgresql+nosuch", "s p", ""])
hosts = st.sampled_from(["", f"ann:{PASSWORD}@h", f"ann:{PASSWORD}@h:port", f"ann:a@{PASSWORD}@h"])
queries = st.sampled_from(["", "?", f"?user=ann&password={PASSWORD}"])
servers = st.builds("{}://{}/{}{}".format, schemes, hosts, values, queries)
urls = st.tuples(st.just("SEARCH_STORAGE"), files | servers)

numbers = st.sampled_from([0, 1, 5, -1, True, 0.0, 0.5, 1e-320, 1e31, 10**9, 10**29, float("nan"), float("inf"), -0.0])
anything = st.recursive(
    numbers | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
possible = {
    "hidden_units": st.integers(1, 100_000),
    "learning_rate": st.floats(0, 1e30, exclude_min=True) | st.integers(1, 10**30),
    "batch_size": st.integers(1, 1_000_000),
    "epochs": st.integers(1, 10_000),
}


def tables_of(name):
    """Tables that a space file may have for a parameter."""
    kind = "float" if name == "learning_rate" else "int"
    bounds = st.tuples(possible[name], possible[name], st.booleans())
    ranges = bounds.map(lambda b: {"type": kind, "low": min(b[:2]), "high": max(b[:2]), "log": b[2]})
    lists = st.lists(possible[name], min_size=1, max_size=5, unique=True)
    return ranges | lists.map(lambda choices: {"type": "categorical", "choices": choices})


spaces = st.fixed_dictionaries({}, optional={name: tables_of(name) for name in BUILT_IN.names}).filter(bool)
keys = st.sampled_from(["type", "low", "high", "log", "choices", "step", "two\nlines"])
changed_values = st.sampled_from(["int", "float", "categorical"]) | anything
table_changes = st.tuples(st.sampled_from(BUILT_IN.names), keys, changed_values)
configurations = st.tuples(st.integers(128, 2048), st.floats(2e-4, 5e-3)).map(
    lambda drawn: BUILT_IN.baseline | {"hidden_units": drawn[0], "learning_rate": drawn[1]}
)
parameter_changes = st.tuples(st.sampled_from([*BUILT_IN.names, "seed", "two\nlines"]), anything)
changed_lines = parameter_changes.map(lambda change: BUILT_IN.baseline | dict([change]))
odd_lines = st.sampled_from([f'{{"epochs": {HUGE}}}', "[" * 900, '{"epochs": 1e999}', "\ufeff{}", '{"\\ud800": 1}'])
deep = ".a" * 3000  # as a number or a choice it exceeds the recursion limit in `trainable.problem`
odd_files = st.sampled_from(
    [f"epochs{deep} = 1", f"epochs.type{deep} = 1", f"[epochs]\ntype = 'int'\nlow = 1\nhigh = 2\nlog{deep} = 1",
     f"epochs = 0x{HUGE}", f"epochs.type = 0x{HUGE}", f"[epochs]\ntype = 'int'\nlow = 1\nhigh = 0x{HUGE}",
     f"[epochs]\ntype = 'categorical'\nchoices = 0x{HUGE}", "[" * 9000, '"two\\nlines".low = 1']
)  # fmt: skip


def toml(tables):
    """Write TOML, whose values are JSON's but for the equals sign and two numbers."""
    pairs = ((name, json.dumps(table, ensure_ascii=False, separators=(",", " = "))) for name, table in tables.items())
    text = "\n".join(f"{json.dumps(name)} = {table}" for name, table in pairs)
    return text.replace("NaN", "nan").replace("Infinity", "inf")


@contextlib.contextmanager
def place(**contents):
    """Work in a directory with a full file, an empty folder and these files; none of the variables is set."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name), mock.patch.dict(os.environ):
        for variable in VARIABLES:
            os.environ.pop(variable, None)
        folder = Path(name).resolve()
        (folder / "folder").mkdir()
        for file, content in {"full": "something", **contents}.items():
            (folder / file).write_bytes(content if isinstance(content, bytes) else os.fsencode(content))
        yield folder


def outcome(folder, arguments):
    """Return the line that refuses a command, or an empty one where its study was made and asked."""
    before, said = sorted(folder.rglob("*")), io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = parse(arguments)
        with one_line_errors(options.storage):
            plan = make_plan(options)
        if options.data:
            load(BUILT_IN, options.data)
    except SystemExit as end:
        status, line = end.code, said.getvalue().removesuffix("\n")
    except UsageError as refusal:
        status, line = refusal.exit_status, f"error: {refusal}"
    else:
        make(folder, options, plan)
        return ""
    assert sorted(folder.rglob("*")) == before
    assert (status, line.splitlines()) == (2, [line])
    assert line.startswith("error: ")
    assert PASSWORD not in line
    return line


def make(folder, options, plan):
    """Make what was planned, unless it lies elsewhere, and ask for what was queued and for one trial more."""
    file = sqlite_file(options.storage).resolve()
    if not (folder in file.parents and folder in options.runs.resolve().parents):
        return
    (options.runs / options.study).mkdir(parents=True)
    study = open_study(options.study, open_storage(options.storage), plan.settings)
    enqueue(study, plan.settings, plan.configurations)
    for _ in range(len(study.get_trials(deepcopy=False)) + 1):
        trial = study.ask(dict(plan.settings.space.distributions))
        BUILT_IN.check(plan.settings.space.complete(trial.params))


@given(st.tuples(st.sampled_from(OPTIONS), values) | urls, st.booleans(), st.sampled_from(OTHERS))
@settings(max_examples=150, deadline=None)
def test_option_runs_or_is_named(given_option, joined, others):
    """Whatever text an option is given beside valid ones, a study runs or the line names the option or its file."""
    option, text = VARIABLES.get(given_option[0], given_option[0]), given_option[1]
    with place() as folder:
        line = outcome(folder, [*others, *([f"{option}={text}"] if joined else [option, text])])
        assert not line or any(name in line for name in (option, "unrecognized arguments", "full", "folder")), line


@given(st.tuples(st.sampled_from(list(VARIABLES)), values) | urls)
@settings(max_examples=80, deadline=None)
def test_variable_runs_or_is_named(given_variable):
    """Whatever text a variable holds, a study runs or the line names the variable's option or its file."""
    variable, text = given_variable
    with place() as folder:
        os.environ[variable] = text
        line = outcome(folder, [])
        assert not line or any(name in line for name in (VARIABLES[variable], "full", "folder")), line


@given(spaces, st.none() | table_changes, st.sampled_from(list(SAMPLERS)), st.booleans())
@settings(max_examples=50, deadline=None)
def test_space_runs_or_names_the_parameter(tables, change, sampler, baseline):
    """A possible space is sampled; with one value changed it still is, or the line names file and parameter."""
    name, key, value = change or (None, None, None)
    changed = tables | {name: {**tables.get(name, {}), key: value}} if change else tables
    with place(**{"s.toml": toml(changed)}) as folder:
        arguments = ["--space", "s.toml", "--sampler", sampler, "--trials", "1"]
        line = outcome(folder, arguments if baseline else [*arguments, "--no-baseline"])
    named = "--space s.toml: " in line and (f": {name}: " in line or "not a TOML file" in line)
    assert not line or (change and named) or (baseline and "the baseline is not in the space" in line), line


@given(st.lists(configurations, max_size=3), st.none() | (changed_lines | anything).map(json.dumps) | odd_lines)
@settings(max_examples=50, deadline=None)
def test_enqueued_runs_or_names_the_line(before, odd):
    """Possible configurations are asked; with any other line behind them they still are, or the line is named."""
    content = "\n".join([*map(json.dumps, before), *([odd] if odd is not None else [])])
    with place(**{"e.jsonl": content}) as folder:
        line = outcome(folder, ["--enqueue", "e.jsonl"])
    assert not line or (odd is not None and f"--enqueue e.jsonl: line {len(before) + 1}: " in line), line


@given(st.sampled_from(["--space", "--enqueue", "--data"]), st.binary() | texts | odd_files)
@settings(max_examples=150, deadline=None)
def test_file_of_anything_runs_or_is_named(option, content):
    """Whatever bytes a file holds, a study runs or the line names the file."""
    with place(file=content) as folder:
        line = outcome(folder, [option, "file"])
    assert not line or f"{option} file: " in line, line
