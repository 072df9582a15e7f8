"""The report: what it says in each state of a study, in both formats, and what it lets through of hostile texts."""

import re
import shlex
import subprocess
import sys
import xml.dom.minidom
from dataclasses import replace
from html.parser import HTMLParser

import optuna
import own_studies
import pytest
from commands import ROOT, WIDE_SPACE, invoke, run_command
from confirmations import THE_BASELINE, decided, key_of, validated
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from search.confirmation.candidates import CONFIRMED, TESTED
from search.confirmation.extent import Extent, wanted_design
from search.confirmation.record import CONFIRMATION, LOOKS, evidence_of
from search.confirmation.verdict import Estimate
from search.confirmation.view import StudyView
from search.errors import SearchError, UsageError
from search.report.document import page_of, write
from search.report.figures import Axis, bars, intervals, lines
from search.report.page import to_html, to_markdown
from search.run.options import parse
from search.storage.address import shown
from search.study.settings import Settings
from search.study.space import Space
from search.study.space_file import load_space
from search.study.study import IS_BASELINE, SETTINGS, settings_of
from trainable.data.source import DataSource
from trainable.keys import FAILURE, SECONDS, VAL_ACCURACY
from trainable.problems import BUILT_IN, spec_in

FORMATS = (".html", ".md")
HOSTILE = (
    "</td><script src='http://evil.example/x.js'>alert(1)</script> | **bold** `code` [link](http://evil.example)\n# h"
)
SEEDS = 3


class Parsed(HTMLParser):
    """What a page has: its text, its tags, and whatever it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tags, self.fetched = "", set(), []
        self._skipped = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self._skipped = tag == "style"
        self.fetched += [
            value for name, value in attrs if name in ("src", "href", "srcset", "data", "action", "xlink:href")
        ]

    def handle_endtag(self, tag):
        self._skipped = False
        self.text += " " if tag in ("td", "th", "p", "h1", "h2", "h3", "li", "strong") else ""

    def handle_data(self, data):
        self.text += "" if self._skipped else data


def make_study(storage=None, space=WIDE_SPACE):
    """A new study, in memory unless a storage is named, with the settings that a search records."""
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(study_name="s", storage=storage, direction="maximize", sampler=sampler)
    settings = Settings(replace(space, problem=replace(BUILT_IN, data={"x_train": "ab12", "y_train": "cd34"})), seed=5)
    study.set_user_attr(SETTINGS, settings.to_json())
    return study, settings


def add_trial(study, settings, value, params=(), *, state=TrialState.COMPLETE, epochs=(0.95, 0.96), **attributes):
    """A trial with these parameters, the baseline's otherwise."""
    params = {name: (BUILT_IN.baseline | dict(params))[name] for name in settings.space.distributions}
    study.enqueue_trial(params, user_attrs=attributes)
    trial = study.ask(dict(settings.space.distributions))
    for epoch, each in enumerate(epochs, start=1):
        trial.report(each, epoch)
    recorded = {"seed": 17, "epochs_run": len(epochs), "seconds": 2.5, "host": "node-1"}
    for key, attribute in (recorded | attributes).items():
        trial.set_user_attr(key, attribute)
    if state != TrialState.RUNNING:
        study.tell(trial, value if state == TrialState.COMPLETE else None, state=state)


def searched(storage=None):
    """A study with its baseline and two better trials."""
    study, settings = make_study(storage)
    add_trial(study, settings, 0.975, **{IS_BASELINE: True})
    add_trial(study, settings, 0.981, {"hidden_units": 800, "learning_rate": 0.0001})
    add_trial(study, settings, 0.979, {"hidden_units": 700, "epochs": 7})
    return study, settings


def begun():
    """A study whose confirmation is designed, with its candidates besides the baseline, and their seeds."""
    study, settings = searched()
    study.set_user_attr(CONFIRMATION, wanted_design(study.trials, settings, Extent(2, SEEDS), {}))
    evidence = evidence_of(study.user_attrs)
    return study, evidence.candidates[1:], evidence.seeds


def confirmed(wrong):
    """A study that is confirmed: how many test images winner and baseline get wrong."""
    study, candidates, seeds = begun()
    record(study, validated(zip(candidates, (0.982, 0.98), strict=True), seeds, step=1e-4))
    evidence = evidence_of(study.user_attrs)
    looks = [
        {"time": f"2026-11-24T09:15:0{at}+00:00", "candidates": [each.name], "seeds": seeds, "verdict": number}
        for at, (each, seeds, number) in enumerate(((evidence.winner, SEEDS, 1), (THE_BASELINE, 10, None)))
    ]
    study.set_user_attr(LOOKS, looks)
    errors = [
        lambda place, first=first, number=number: range(first + place, first + place + 10 * number, 10)
        for first, number in zip((0, 5), wrong, strict=True)
    ]
    record(study, decided(study.user_attrs[CONFIRMATION], evidence.winner, *errors))
    return study


def record(study, attributes):
    """Record attributes in a study."""
    for key, value in attributes.items():
        study.set_user_attr(key, value)


def found_in(study, runs, storage="sqlite:///runs/studies.db", elsewhere=None):
    """What a report is made from."""
    return StudyView("s", shown(storage), runs, settings_of(study), study.user_attrs, study.trials, elsewhere)


def reports(study, tmp_path, storage="sqlite:///runs/studies.db", elsewhere=None):
    """The report in both formats, as text without markup."""
    texts = []
    for suffix in FORMATS:
        output = tmp_path / "out" / f"report{suffix}"
        write(found_in(study, tmp_path, storage, elsewhere), output)
        text = output.read_text(encoding="utf-8")
        plain = Parsed(text).text if suffix == ".html" else re.sub(r"\\(.)", r"\1", text)
        texts.append(" ".join(plain.split()))
    return texts


def assert_both_say(study, tmp_path, *facts, elsewhere=None):
    """Each fact is in the HTML and in the Markdown."""
    for text in reports(study, tmp_path, elsewhere=elsewhere):
        assert [fact for fact in facts if fact not in text] == []


@pytest.mark.parametrize(
    ("wrong", "facts"),
    [
        ((150, 250), ("Better than the baseline", "trial 1 against the baseline: better.", "lies above 0", "+1.00")),
        ((200, 201), ("No difference shown", "holds 0", "That is a result and no error", "+0.01")),
        ((250, 150), ("Worse than the baseline", "lies below 0", "-1.00")),
    ],
)
def test_verdict_comes_first(tmp_path, wrong, facts):
    """Word, sentence, accuracies with their intervals, the difference and what it means, and the notebook."""
    study = confirmed(wrong)
    facts = [each[:1].upper() + each[1:] if "against" in each else each for each in facts]
    verdict = evidence_of(study.user_attrs).verdict
    figures = [f"{each.low:.4f} to {each.high:.4f}" for each in (verdict.first, verdict.second)]
    figures += [f"{100 * verdict.difference.low:+.2f} to {100 * verdict.difference.high:+.2f}"]
    notebook = ("0.9765", "96 % interval", "0.9732 to 0.9794")
    more = ("of pairs", "The worst of all 6 networks", "It trains 5 epochs instead of")
    assert_both_say(study, tmp_path, *facts, *figures, *notebook, *more)
    for text in reports(study, tmp_path):
        assert text.index(facts[0]) < text.index("How it was measured") < text.index("Candidates")


def test_method_and_candidates_are_told(tmp_path):
    """Which images were looked at, when and for whom; each candidate's accuracy with each seed; the source."""
    study = confirmed((150, 250))
    seeds = evidence_of(study.user_attrs).seeds
    assert_both_say(
        study, tmp_path,
        "The 2 best configurations of the search were trained again with 2 fresh seeds each", "in 4 % of studies",
        "looked at for this study once: from 2026-11-24T09:15:00+00:00 to 2026-11-24T09:15:01+00:00 for trial 1 (3 "
        "networks) and the baseline (10 networks).",
        "Welch", "0.9820", "0.9821", "the search's own", "0.9810",
        *(f"seed {seed}" for seed in seeds), "winner",
    )  # fmt: skip


def test_each_look_at_the_test_images_is_told(tmp_path):
    """Those for other studies of the storage, too."""
    study = confirmed((150, 250))
    looks = study.user_attrs[LOOKS]
    study.set_user_attr(LOOKS, [*looks, {"time": "2026-11-25T10:00:00+00:00", "candidates": ["77"], "seeds": 1}])
    assert_both_say(
        study, tmp_path, "looked at for this study twice: from 2026-11-24T09:15:00+00:00 to ",
        "(10 networks); at 2026-11-25T10:00:00+00:00 for trial 77 (1 network).",
        "For other studies of this storage: 3 times, which nothing makes up for.",
        "the test images were looked at 5 times in this storage", elsewhere=3,
    )  # fmt: skip


def test_study_without_confirmation_has_no_verdict(tmp_path):
    """The search's own best is named, with what it is worth."""
    study, _ = searched()
    assert_both_say(
        study, tmp_path, "Not confirmed yet", "No candidate was trained again with fresh seeds.",
        "The best trial of the search is 1 (hidden_units 800, learning_rate 0.0001, batch_size 128, epochs 5), with "
        "0.9810 on the validation images, where the baseline has 0.9750: +0.60 points, one seed each.",
        "The best of many is partly luck",
    )  # fmt: skip


def test_confirmation_on_its_way_says_how_far_it_is(tmp_path):
    """Networks trained and networks planned; what is known of a candidate is shown."""
    study, candidates, seeds = begun()
    study.set_user_attr(key_of(CONFIRMED, candidates[0], seeds[0]), {VAL_ACCURACY: 0.9812, SECONDS: 1.0})
    assert_both_say(
        study, tmp_path, "Not confirmed yet", "1 of 17 networks at most are trained.", "0.9812",
        "The test images were not looked at yet for this study.", "Not all of what follows is done yet.",
    )  # fmt: skip


def test_failed_baseline_leaves_no_verdict(tmp_path):
    """Where the baseline gave no result, there is nothing to compare with; a candidate's failure is in its column."""
    study, candidates, seeds = begun()
    of_test = evidence_of(study.user_attrs).final_seeds
    study.set_user_attr(key_of(TESTED, THE_BASELINE, of_test[0]), {FAILURE: "crashed"})
    study.set_user_attr(key_of(CONFIRMED, candidates[1], seeds[0]), {FAILURE: "diverged at epoch 2"})
    assert_both_say(study, tmp_path, "No verdict", "No verdict: the baseline crashed.", "diverged at epoch 2")


def test_study_without_trials_has_a_report(tmp_path):
    """There is nothing to draw and nothing to export, and the page says so."""
    study, _ = make_study()
    assert_both_say(
        study,
        tmp_path,
        "Not confirmed yet",
        "No trial is complete, so there is no best one.",
        "0 trials can be compared",
    )
    assert all("search.export" not in text for text in reports(study, tmp_path))


def test_running_study_has_a_report(tmp_path):
    """Trials that run are counted, and none of them has ended."""
    study, settings = make_study()
    add_trial(study, settings, None, state=TrialState.RUNNING)
    assert_both_say(study, tmp_path, "1 running", "No trial is complete, so there is no best one. 1 trial is running.")


def test_failures_are_counted_by_reason(tmp_path):
    """Interrupted trials are none: their successors count."""
    study, settings = make_study()
    for reason in ("diverged at epoch 1", "crashed", "diverged at epoch 1", "interrupted: lost node"):
        add_trial(study, settings, None, state=TrialState.FAIL, failure=reason)
    assert_both_say(study, tmp_path, "3 failed", "No trial is complete")
    text = reports(study, tmp_path)[1]
    assert "| diverged at epoch 1 | 2 | | crashed | 1 |" in text
    assert "| interrupted, and tried again | 1 |" in text


def test_trials_parameters_and_settings_are_told(tmp_path):
    """Best trials, the space with its warnings, gain per epoch, settings, hosts and times."""
    study, _ = searched()
    assert_both_say(
        study, tmp_path, "0 baseline", "+0.60 points", "17", "2.5 s",
        "Which parameters matter is not known: 3 trials can be compared, and fewer than 10 say nothing.",
        "the best trial has learning_rate at the lower bound (0.0001): widen it.", "32 to 2048, log", "32, 64, 128,",
        "All trials together trained 6 epochs for a gain of +0.60 points", "+10.000 points for 100 epochs",
        "tpe", "asha", "float32", "ab12", "node-1", "Trials trained for 0:08",
    )  # fmt: skip


def test_environments_of_training_are_told(tmp_path):
    """What trials recorded of their environment is shown; without it, this machine's versions are, and called so."""
    study, _ = searched()
    assert_both_say(
        study, tmp_path, "Versions on the machine that wrote this report; those of training are not recorded"
    )
    study.set_user_attr("environment:0123abcd", {"processor": "Some CPU, family 25", "onednn": False, "threads": 1})
    assert_both_say(study, tmp_path, "Environment 0123abcd, in which 0 trials trained", "Some CPU, family 25", "off")
    assert all("Versions on the machine" not in text for text in reports(study, tmp_path))


def test_curves_are_drawn_and_tabulated(tmp_path):
    """val_accuracy by epoch of the best and the baseline; the best value so far."""
    study, _ = searched()
    assert_both_say(study, tmp_path, "Validation accuracy by epoch", "Best validation accuracy over the trials")
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert len(re.findall("<svg", html)) == 2
    assert "| 0 | 0.9750 | | 1 | 0.9810 |" in reports(study, tmp_path)[1]


def test_commands_repeat_the_search(tmp_path):
    """The search's command is one that the parser takes, and its space file gives the same space."""
    study, settings = make_study(space=Space({"learning_rate": FloatDistribution(1e-5, 1e-2, log=True)}))
    add_trial(study, settings, 0.97, {"learning_rate": 0.001}, **{IS_BASELINE: True})
    add_trial(study, settings, 0.98, {"learning_rate": 0.002})
    texts = reports(study, tmp_path)
    assert_both_say(
        study, tmp_path,
        "python -m search.run --seed 5 --sampler tpe --pruner asha --precision float32 --workers 1 --trials 2 "
        "--study s-again --space space.toml --enqueue first.jsonl",
        '{"learning_rate": 0.002}', "--trial 1",
    )  # fmt: skip
    [toml] = re.findall(r"The file space.toml:\n\n```\n(.*?)\n```", (tmp_path / "out/report.md").read_text(), re.DOTALL)
    (tmp_path / "space.toml").write_text(toml)
    assert load_space(tmp_path / "space.toml", settings.problem) == settings.space
    assert len(texts) == 2


@pytest.fixture
def own_view(tmp_path):
    """A study without trials of a table whose names are hostile, and of a network that somebody has today."""
    source = DataSource(str(own_studies.hostile_table(tmp_path)), own_studies.TARGET)
    (tmp_path / "given.toml").write_text(own_studies.SPACE)
    settings = Settings(load_space(tmp_path / "given.toml", spec_in(source)), seed=5)
    return StudyView("s", "sqlite:///s.db", tmp_path, settings, {}, [], None)


def test_own_data_are_told_by_name(own_view):
    """Name, splits, columns and classes are text, whatever they are called, and of images nothing is said."""
    html, markdown = to_html(page_of(own_view)), to_markdown(page_of(own_view))
    parsed = Parsed(html)
    columns = [name.replace("\n", "\\n") for name in own_studies.COLUMNS]
    for said in (own_studies.FILE, *own_studies.CLASSES, *columns, "23: 15 % of the rest, stratified, seed 0"):
        assert said in parsed.text
    assert parsed.tags.isdisjoint({"b", "i", "x"})
    assert re.search("(?i)image|digit|pixel", html) is None
    rows = [line for line in markdown.splitlines() if line.startswith(("| name", "| columns", "| classes"))]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [3, 3, 3]


def test_command_repeats_the_search_on_own_data(own_view, tmp_path):
    """Quoted for a shell it names file and column; its space file has the network of today."""
    command, toml = re.findall(r"```\n(.*?)\n```", to_markdown(page_of(own_view)), re.DOTALL)[:2]
    options = parse(shlex.split(command)[3:])
    assert (options.data, options.target) == (str(tmp_path / own_studies.FILE), own_studies.TARGET)
    (tmp_path / "space.toml").write_text(toml)
    problem = spec_in(DataSource(options.data, options.target))
    found = load_space(tmp_path / "space.toml", problem)
    assert found == own_view.settings.space
    assert found.problem.baseline["hidden_units"] == 16


def test_password_is_hidden(tmp_path):
    """The storage is named without its password, in the settings and in each command."""
    study, _ = searched()
    for text in reports(study, tmp_path, "postgresql://ann:s3cret@db.example/studies"):
        assert "s3cret" not in text
        assert "'postgresql://ann:***@db.example/studies'" in text


def test_hostile_texts_stay_texts(tmp_path):
    """A failure, a host or a name cannot become markup, in either format, nor break a line."""
    study, settings = make_study()
    study.set_user_attr(f"environment:{HOSTILE}", {"processor": HOSTILE})
    add_trial(study, settings, None, state=TrialState.FAIL, failure=HOSTILE, host=HOSTILE)
    html, markdown = (tmp_path / f"report{suffix}" for suffix in FORMATS)
    for output in (html, markdown):
        write(found_in(study, tmp_path), output)
    parsed = Parsed(html.read_text(encoding="utf-8"))
    assert "script" not in parsed.tags
    assert parsed.fetched == []
    assert parsed.text.count(HOSTILE.replace("\n", "\\n")) == 4  # reason, host, and the environment's name and value
    text = markdown.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if "evil" in line]
    assert len(rows) == 4
    assert not re.search(r"(?<!\\)(<script|\*\*bold|`code|\[link)|https?://", text)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows if row.startswith("|"))


def test_page_needs_nothing_from_elsewhere(tmp_path):
    """No address is fetched: no link, no script, no style sheet, no font; the page itself forbids it."""
    study = confirmed((150, 250))
    reports(study, tmp_path)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    parsed = Parsed(text)
    assert parsed.fetched == []
    assert not parsed.tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert not re.search(r"url\(|@import|http://|https://", text)
    assert "default-src 'none'" in text
    assert len(text) < 100_000


def test_drawings_are_well_formed(tmp_path):
    """Each is XML by itself, with a name for those who cannot see it, and no coordinate that is not a number."""
    estimate = Estimate(0.98, 0.98, 0.98)
    drawings = [
        lines([("a < b", "s0", [(1, 0.5)]), ("c", "baseline", [(1, 0.5), (2, 0.5)])], "epoch", "accuracy"),
        intervals([("one & other", "s0", estimate)], "accuracy", "95 %"),
        intervals([("difference", "better", Estimate(0, 0, 0))], "points", "95 %", zero=True),
        bars([("a", 1.0), ("b", 0.0)], "share"),
    ]
    for drawing in drawings:
        root = xml.dom.minidom.parseString(drawing).documentElement
        assert root.getAttribute("aria-label")
        assert not re.search(r"nan|inf", drawing)


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0.9733, 0.9858, False, ["0.975", "0.980", "0.985"]),
        (0.5, 2.5, True, ["1", "2"]),
        (0, 1999, True, ["0", "500", "1000", "1500"]),
        (-0.1, 0.5, False, ["-0.1", "0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
    ],
)
def test_ticks_are_round_numbers(low, high, whole, expected):
    """About six of them, in steps of 1, 2 or 5; whole where halves mean nothing."""
    assert [text for _, text in Axis(low, high, 0, 100).ticks(6, whole=whole)] == expected


def test_long_curves_are_thinned(tmp_path):
    """A trial of thousands of epochs is drawn with its first, its last and some between."""
    study, settings = make_study()
    add_trial(study, settings, 0.97, epochs=[0.9 + epoch / 10_000 for epoch in range(700)])
    text = reports(study, tmp_path)[1]
    assert "| 1 | 0.9000 |" in text
    assert "| 700 | 0.9699 |" in text
    assert len((tmp_path / "out" / "report.html").read_text()) < 50_000


def test_command_writes_and_names_the_file(tmp_path):
    """The most recent study is taken where none is named; folders are made; others may read the file."""
    searched(f"sqlite:///{tmp_path / 'studies.db'}")
    output = tmp_path / "new" / "folder" / "r.md"
    before = (tmp_path / "studies.db").read_bytes()
    result = run_command("search.report", "--runs", tmp_path, "--output", output)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{output}\n", "")
    assert output.read_text(encoding="utf-8").startswith("# Study s\n")
    assert output.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in output.parent.iterdir()] == ["r.md"]
    assert (tmp_path / "studies.db").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--output", "r.pdf"), 2, "--output: must end in .html or .md, got 'r.pdf'"),
        (("--study", "t", "--output", "{tmp}/r.md"), 2, "--study t: there is no such study; the newest are s"),
        (("--storage", "sqlite:///{tmp}/none.db", "--output", "{tmp}/r.md"), 2, "there is no storage here yet"),
        (("--output", "{tmp}/studies.db/r.md"), 1, "studies.db/r.md: the report cannot be written: "),
    ],
)
def test_wrong_requests_are_refused_in_one_line(tmp_path, arguments, status, message):
    """What is wrong is named, and no file is made."""
    searched(f"sqlite:///{tmp_path / 'studies.db'}")
    given = [each.replace("{tmp}", str(tmp_path)) for each in arguments]
    result = invoke("search.report", "--runs", tmp_path, *given)
    assert (result.returncode, result.stdout) == (status, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["studies.db"]


def test_old_report_stays_where_a_new_one_cannot_be_written(tmp_path):
    """The file is written whole or not at all."""
    study, _ = searched()
    output = tmp_path / "r.html"
    output.mkdir()
    with pytest.raises(SearchError, match="the report cannot be written"):
        write(found_in(study, tmp_path), output)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.html"]


def test_study_of_another_program_is_refused(tmp_path):
    """Its attributes mean something else."""
    study = optuna.create_study(study_name="s")
    with pytest.raises(UsageError, match="was made by another program"):
        write(found_in(study, tmp_path), tmp_path / "r.md")


def test_report_loads_nothing_heavy():
    """A search that ends writes one: TensorFlow, Ray, Streamlit and plotting libraries are not imported for it."""
    script = (
        "import sys; sys.modules['sklearn'] = None\n"  # Optuna would load it; only the tests' environment has it
        "import search.report.__main__\n"
        "print(sorted({'ray', 'tensorflow', 'keras', 'streamlit', 'plotly', 'pandas'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
