"""The rules of the architecture, read off the code."""

import ast
import re
import subprocess
import sys

import pytest
from commands import ROOT

PACKAGES = ("trainable", "search", "dashboard", "benchmarks")

# Each module may import those on its left, and from the packages before its own.
LAYERS = {
    "trainable": ("errors", "precision", "process", "download", "data", "config", "scoring", "prediction",
                  "keras_file", "model", "evaluate", "engine", "environment", "trial"),
    "search": (
        "interpreter", "variables", "surroundings", "errors", "noise", "interrupt", "terminal", "texts", "folder",
        "arguments", "options", "data", "guard", "instants", "mirror", "reconnect", "server", "wal", "sqlite",
        "storage", "lease", "backup", "space", "strategies", "settings", "study", "verdict", "looks", "alpha",
        "price", "candidates", "answer", "earlier", "confirmed", "wording", "elsewhere", "stopping", "explanation",
        "extent", "forecast", "goal", "insight", "models", "failures", "wants", "kernel", "capacity", "streak",
        "crew", "live", "trials", "ledger", "confirm", "diagnosis", "limits", "scratch", "resources", "runtime",
        "nodes", "tuning", "tally", "progress", "summary", "reporting.figures", "reporting.page",
        "reporting.findings", "reporting.records", "reporting.recipe", "report", "plan", "ahead", "foresight",
        "execution", "session", "run", "comparison", "reproduction", "replay", "exporting.formats",
        "exporting.reload", "exporting.roundtrip", "exporting.selection", "exporting.description",
        "exporting.snippets", "exporting.card", "exporting.place", "exporting.bundle", "export", "studies",
        "__main__",
    ),
    "dashboard": (
        "options", "sign_in", "queries", "snapshot", "status", "source", "style", "site", "control", "filters", "marks",
        "model.images", "model.kept", "model.predictions", "model.exports", "model.drawing",
        "charts.progress", "charts.curves", "charts.parameters", "charts.cost", "charts.timeline", "charts.model",
        "parts.movement", "parts.facts", "parts.stories", "parts.units", "parts.mistakes", "parts.digit",
        "parts.model_card", "parts.model_files",
        "screens.overview", "screens.trials", "screens.trial", "screens.compare", "screens.parameters",
        "screens.failures", "screens.timeline", "screens.model", "screens.studies", "screens.control", "app",
    ),
    "benchmarks": (
        "results", "command", "peers.space", "peers.command", "peers.network", "peers.ray_tune", "peers.optuna_alone",
        "peers.keras_tuner", "systems", "engine", "precision", "search", "quality", "simulated", "verdicts",
        "calibration", "stopping", "whole", "waiting", "fleet", "driver", "memory", "large", "browsing", "dashboard",
    ),
}  # fmt: skip


def modules():
    """Every module of the packages with its file."""
    return {
        (package, ".".join(file.relative_to(ROOT / package).with_suffix("").parts)): file
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if file.stem != "__init__"
    }


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


def test_imports_run_one_way():
    """No module imports one that stands to its right, or a package that comes after its own."""
    back_edges = []
    for (package, module), file in modules().items():
        for other_package, other in imported(file):
            rank = (PACKAGES.index(package), LAYERS[package].index(module))
            if (PACKAGES.index(other_package), LAYERS[other_package].index(other)) >= rank:
                back_edges.append(f"{package}.{module} -> {other_package}.{other}")
    assert back_edges == []


def test_layers_name_every_module():
    """A new module has to find its place in the order."""
    assert {(package, module) for package, names in LAYERS.items() for module in names} == set(modules())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import search.__main__", {"optuna", "numpy", "tensorflow", "keras", "streamlit", "ray"}),
        ("import search.run", {"tensorflow", "keras", "streamlit", "ray"}),
        ("import search.session", {"tensorflow", "keras", "streamlit"}),
        (
            "import dashboard.source, dashboard.screens.overview, dashboard.screens.model",
            {"ray", "tensorflow", "keras"},
        ),
        ("import trainable.data", {"ray", "tensorflow", "optuna"}),
        ("import trainable.engine", {"ray", "optuna"}),
    ],
)
def test_imports_are_light(statement, absent):
    """A part does not load what it does not need: start-up time is a feature."""
    script = f"{statement}\nimport sys; print(sorted({absent!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


def test_only_the_trainable_and_the_tuning_know_ray():
    """Ray is imported where it is adapted and nowhere else."""
    knowing = set()
    for (package, module), file in modules().items():
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            if any(name.split(".")[0] == "ray" for name in names):
                knowing.add(f"{package}.{module}")
    assert knowing == {
        "trainable.trial", "search.tuning", "search.runtime", "search.nodes", "search.diagnosis",
        "benchmarks.peers.ray_tune", "benchmarks.driver",
        "benchmarks.waiting", "benchmarks.fleet",
    }  # fmt: skip


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


def test_lock_files_carry_hashes_and_no_address():
    """Every pinned requirement has a hash, and no file says where packages come from."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        pins = re.findall(r"^[a-zA-Z0-9][^\n]*==[^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-zA-Z0-9][^\n]*==", text, re.MULTILINE)) > 10
