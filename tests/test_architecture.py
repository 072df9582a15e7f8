"""The rules of the architecture, read off the code."""

import ast
import functools
import graphlib
import re
import subprocess
import sys

import pytest
from commands import ROOT

PACKAGES = ("trainable", "search", "dashboard", "benchmarks")

# The rooms of each package, and the files that stand beside them: each may import those on its left, and from the
# packages before its own. Inside a room files may import each other, but never in a circle.
ROOMS = {
    "trainable": (
        "errors", "keys", "files", "precision", "process", "program", "helper", "messages", "gpus", "keras_file",
        "parameter", "inputs", "data", "words", "trainer", "problem", "training", "mlp", "limits", "mnist", "arrays",
        "model_file", "problems", "environment", "trial",
    ),
    "search": (
        "errors", "folder", "surroundings", "terminal", "storage", "study", "trials", "confirmation", "runtime",
        "report", "run", "replay", "export", "studies", "__main__",
    ),
    "dashboard": (
        "options", "text", "clocks", "data", "models", "sign_in", "queries", "glance", "snapshot", "status", "listing",
        "source", "style", "site", "steps", "control", "notes", "filters", "marks", "model", "charts", "parts",
        "screens", "app",
    ),
    "benchmarks": (
        "results", "command", "cnn", "peers", "systems", "engine", "precision", "networks", "search", "quality",
        "simulated", "verdicts", "calibration", "stopping", "table", "surrogate", "searches", "defaults", "whole",
        "waiting", "fleet", "driver", "memory", "large", "browsing", "dashboard",
    ),
}  # fmt: skip


@functools.cache
def modules():
    """Every module of the packages with its file."""
    return {
        (package, ".".join(file.relative_to(ROOT / package).with_suffix("").parts)): file
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if file.stem != "__init__"
    }


@functools.cache
def imported(file):
    """The modules of this project that a file imports, anywhere in it."""
    found, known = set(), modules()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            package, _, module = node.module.partition(".")
            inner = {(package, f"{module}.{alias.name}".lstrip(".")) for alias in node.names} & known.keys()
            found |= inner or {(package, module)}
        elif isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".", 1)) for alias in node.names if alias.name.split(".")[0] in PACKAGES}
    return found


def room_of(module):
    """The room in which a module stands, or the module itself where it stands beside the rooms."""
    return module.split(".")[0]


def test_imports_run_one_way():
    """No module imports from a room to the right of its own, or from a package that comes after its own."""
    back_edges = []
    for (package, module), file in modules().items():
        for other_package, other in imported(file):
            rank = (PACKAGES.index(package), ROOMS[package].index(room_of(module)))
            if (PACKAGES.index(other_package), ROOMS[other_package].index(room_of(other))) > rank:
                back_edges.append(f"{package}.{module} -> {other_package}.{other}")
    assert back_edges == []


def test_imports_have_no_circle():
    """What a file imports, itself or through others, never imports it; the interpreter would not always notice."""
    needs = {module: imported(file) for module, file in modules().items()}
    assert list(graphlib.TopologicalSorter(needs).static_order())


def test_rooms_are_all_there_is():
    """A new room has to find its place in the order."""
    assert {(package, room) for package, rooms in ROOMS.items() for room in rooms} == {
        (package, room_of(module)) for package, module in modules()
    }


@pytest.mark.parametrize(
    "steps",
    [
        [  # one after the other in one process: what is absent later was not loaded before
            ("import search.__main__", {"optuna", "numpy", "tensorflow", "keras", "streamlit", "ray"}),
            ("import search.run.__main__", {"optuna", "numpy", "tensorflow", "keras", "streamlit", "ray"}),
            ("import trainable.mnist.source", {"ray", "tensorflow", "optuna"}),
            ("import search.run.session", {"tensorflow", "keras", "streamlit"}),
        ],
        [
            (
                "import dashboard.source, dashboard.screens.overview, dashboard.screens.model",
                {"ray", "tensorflow", "keras"},
            )
        ],
        [  # as a worker, which imports TensorFlow before
            ("from trainable.process import prepare_tensorflow\nprepare_tensorflow(1, gpu=False)", {"ray", "optuna"}),
            ("import trainable.mlp.engine", {"ray", "optuna"}),
        ],
    ],
    ids=["search", "dashboard", "engine"],
)
def test_imports_are_light(steps):
    """A part does not load what it does not need: start-up time is a feature."""
    script = "import sys\n" + "\n".join(
        f"{statement}\nprint(sorted({absent!r} & set(sys.modules)))" for statement, absent in steps
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.splitlines() == ["[]"] * len(steps)


def test_only_the_trainable_and_the_tuning_know_ray():
    """Ray is imported where it is adapted and nowhere else."""
    knowing = set()
    for (package, module), file in modules().items():
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            if any(name.split(".")[0] == "ray" for name in names):
                knowing.add(f"{package}.{room_of(module)}" if package != "trainable" else f"{package}.{module}")
    assert knowing == {
        "trainable.trial", "search.runtime", "benchmarks.peers", "benchmarks.driver", "benchmarks.waiting",
        "benchmarks.fleet",
    }  # fmt: skip


# What only the built-in problem's own room may say: its name, its sizes, its published figure.
ITS_OWN = re.compile(
    r"mnist|\b784\b|\b28\b|\b0\.9765\b|\b[156]0[_,]?000\b|\b10 (?:classes|labels|probabilities|digits)|, 10\]",
    re.IGNORECASE,
)
NOT_ITS_OWN = {
    "search/runtime/resources.py": {"10_000"},  # parts of a resource, as Ray counts
    "search/surroundings/limits.py": {"10_000"},  # processes
    "search/storage/address.py": {"10,000"},  # trials
    "dashboard/queries.py": {"10,000"},  # likewise
    "trainable/problems.py": {"mnist"},  # which kinds there are
    "trainable/arrays/fitting.py": {"mnist"},  # what is fitted to other data is its space and its baseline
    "trainable/arrays/spec.py": {"mnist"},  # likewise its network
    "trainable/arrays/wording.py": {"mnist"},  # likewise
    "trainable/model_file/dataset.py": {"mnist"},  # a model whose data nobody names takes the built-in ones
    "trainable/model_file/problem.py": {"mnist"},  # likewise
    "trainable/model_file/spec.py": {"mnist"},  # likewise
    "trainable/data/keras_sets.py": {"mnist"},  # what Keras calls its data sets and their files
    "trainable/arrays/labels.py": {"10_000", "10,000"},  # classes
}


def test_only_its_own_room_knows_the_built_in_problem():
    """Everything else reads what a study is about: help, tables, reports, cards, pages."""
    found = {}
    for package in ("trainable", "search", "dashboard"):
        for file in sorted((ROOT / package).rglob("*.*")):
            name = file.relative_to(ROOT).as_posix()
            if file.suffix in {".py", ".html", ".js", ".css", ".toml"} and not name.startswith("trainable/mnist/"):
                text = re.sub(r"mnist[-_]search", "", file.read_text())  # the package's name
                said = {each.lower() for each in ITS_OWN.findall(text)} - NOT_ITS_OWN.get(name, set())
                found |= {name: said} if said else {}
    assert found == {}


def test_files_stay_small():
    """A file has one responsibility: 300 lines at most."""
    lengths = {str(file): len(file.read_text().splitlines()) for file in modules().values()}
    assert [file for file, length in lengths.items() if length > 300] == []


def test_packages_do_not_assert():
    """A check that python -O removes is none: the packages raise errors."""
    asserting = [str(file) for file in modules().values() if re.search(r"^\s*assert ", file.read_text(), re.MULTILINE)]
    assert asserting == []


def test_documents_link_to_what_exists():
    """A dead relative link in a document is a defect."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    ]
    dead = [f"{document.name}: {target}" for document, target in links if not (document.parent / target).exists()]
    assert dead == []


def test_architecture_names_what_exists():
    """A file or a room that moves takes its name in the document with it."""
    text = (ROOT / "docs/architecture.md").read_text()
    named = re.findall(r"`((?:search|trainable|dashboard|benchmarks|tests|deploy)/[\w./]*)`", text)
    assert len(named) > 50
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_lock_files_carry_hashes_and_no_address():
    """Every pinned requirement has a hash, and no file says where packages come from."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        pins = re.findall(r"^[a-zA-Z0-9][^\n]*==[^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-zA-Z0-9][^\n]*==", text, re.MULTILINE)) > 10
