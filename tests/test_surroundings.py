"""What a Python would import is looked at before it is: one line names what stands in the way, and the remedy."""

import ast
import os
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
from commands import ROOT, clean_environment

from search.__main__ import COMMANDS
from search.surroundings import interpreter
from search.surroundings import packages as modules
from search.surroundings.packages import PACKAGES, finding, import_failure

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def command(module, *, cwd=ROOT, **variables):
    """Start a command in its own process, since it is its start that is looked at; return what it said."""
    environment = clean_environment() | {"PYTHONPATH": str(ROOT)} | variables
    arguments = [sys.executable, "-m", module, "--help"]
    return subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A function that lets Python find packages in a new folder alone, in front of it what PYTHONPATH names."""

    def place(versions, in_front=()):
        own = tmp_path / "site-packages"
        for name, version in versions.items():
            (own / name).mkdir(parents=True)
            (own / name / "__init__.py").touch()
            (own / f"{name}-{version}.dist-info").mkdir()
        standard = str(Path(os.__file__).parent)
        monkeypatch.setattr(sys, "path", [*map(str, in_front), standard, f"{standard}/lib-dynload", str(own)])
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, in_front)))
        return own

    return place


@pytest.fixture
def suitable():
    """The lowest version of each package that is needed."""
    return {name: ".".join(map(str, lowest)) for name, (lowest, _) in PACKAGES.items()}


def write(folder, name):
    """Make a file with the folders above it."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


@pytest.mark.parametrize("module", ["search", *(f"search.{name}" for name in COMMANDS)])
def test_every_command_names_what_pythonpath_puts_in_front(module, tmp_path):
    """A module system's old NumPy is named before anything imports it, not by a traceback."""
    write(tmp_path, "numpy/__init__.py")
    result = command(module, PYTHONPATH=str(tmp_path))
    line = (
        f"error: {tmp_path}/numpy would be imported in place of what belongs here: "
        "PYTHONPATH puts it in front; run: unset PYTHONPATH\n"
    )
    assert (result.returncode, result.stdout, result.stderr) == (2, "", line)


@pytest.mark.parametrize("safe", [{}, {"PYTHONSAFEPATH": "1"}])
def test_file_in_the_current_folder_is_named(tmp_path, safe):
    """A file called like a module of Python's own would be imported by the command, and by Ray's workers, too."""
    write(tmp_path, "queue.py")
    write(tmp_path, "random/notes.txt")  # a folder hides no module
    result = command("search", cwd=tmp_path, **safe)
    line = (
        f"error: {tmp_path}/queue.py would be imported in place of what belongs here: rename it, or start from another"
    )
    assert (result.returncode, result.stderr) == (2, f"{line} folder\n")


def test_own_surroundings_are_right(tmp_path):
    """This Python has what is needed; a folder of notes, and this project itself in PYTHONPATH, are in nobody's way."""
    write(tmp_path, "notes.py")
    write(tmp_path, "data/mnist.npz")
    write(tmp_path, "other/search/__init__.py")  # which is not imported: this project is found before
    result = command("search", cwd=tmp_path, PYTHONPATH=f"{ROOT}:{tmp_path}/other")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "hides"),
    [
        ("numpy/__init__.py", "numpy"),
        ("typing_extensions.py", "typing_extensions.py"),
        ("enum.py", "enum.py"),
        (f"select.{sys.implementation.cache_tag}-x86_64-linux-gnu.so", None),
        ("trainable/__init__.py", "trainable"),
        ("google/protobuf/__init__.py", "google/protobuf"),
        ("google/__init__.py", "google"),
        ("google/cloud/__init__.py", None),
        ("select.cpython-39-x86_64-linux-gnu.so", None),
        ("setuptools/__init__.py", None),
        ("tests/__init__.py", None),
        ("pandas_of_mine.py", None),
    ],
)
def test_what_stands_in_front_is_named_where_it_matters(name, hides, packages, suitable, tmp_path):
    """Modules of Python's own, packages that are here, and this project: nothing else is in the way."""
    own = packages(suitable, in_front=[tmp_path / "modules"])
    for other in ("typing_extensions.py", "google/protobuf/__init__.py", "setuptools/__init__.py", "tests/__init__.py"):
        write(own, other)
    write(tmp_path / "modules", name)
    if name.startswith("select.") and sys.implementation.cache_tag in name:
        hides = name  # this Python would load it
    expected = hides and f"{tmp_path}/modules/{hides} would be imported in place of what belongs here: PYTHONPATH puts"
    assert (finding() or "None").startswith(str(expected))


def test_archive_in_front_is_looked_into(packages, suitable, tmp_path):
    """PYTHONPATH may name an egg."""
    with zipfile.ZipFile(tmp_path / "old.egg", "w") as archive:
        archive.writestr("optuna/__init__.py", "")
    packages(suitable, in_front=[tmp_path / "old.egg", tmp_path / "missing", write(tmp_path, "no archive")])
    assert finding().startswith(f"{tmp_path}/old.egg/optuna would be imported")


def test_packages_in_the_home_folder_are_named(packages, suitable, tmp_path, monkeypatch):
    """What `pip install --user` left there stands in front of what an environment has."""
    write(tmp_path, "local/ray/__init__.py")
    packages(suitable)
    sys.path.insert(0, str(tmp_path / "local"))
    monkeypatch.setattr("site.USER_SITE", str(tmp_path / "local"))
    monkeypatch.setattr("site.ENABLE_USER_SITE", True)
    assert finding().endswith("/local/ray would be imported in place of what belongs here: it is your own; run: "
                              "export PYTHONNOUSERSITE=1")  # fmt: skip


def test_folder_in_front_that_has_all_packages_is_the_installation(packages, suitable, tmp_path, monkeypatch):
    """The system may have some of them, too, which nobody imports; their versions do not count."""
    own = packages(suitable | {"numpy": "1.24.2"})
    home = own.rename(tmp_path / "local")
    (tmp_path / "site-packages" / "numpy").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(home))
    sys.path.insert(0, str(home))
    assert finding().startswith("numpy 1.24.2 is installed for ")
    (home / "numpy-1.24.2.dist-info").rename(tmp_path / "site-packages" / "numpy-1.24.2.dist-info")
    (home / "numpy-2.4.0.dist-info").mkdir()
    assert finding() is None


@pytest.mark.parametrize(
    ("name", "version", "line"),
    [
        ("ray", "2.9.0", "ray 2.9.0 is installed for {python}, ray>=2.60,<2.61 is needed: "),
        (
            "tensorflow",
            "2.22.0rc1",
            "tensorflow 2.22.0rc1 is installed for {python}, tensorflow>=2.21,<2.22 is needed: ",
        ),
        ("optuna", "3.6.1", "optuna 3.6.1 is installed for {python}, optuna>=5.0,<6 is needed: "),
        ("keras", "2.15.0", "keras 2.15.0 is installed for {python}, keras>=3.12 is needed: "),
        ("numpy", "2.1.0+local.9", None),
        ("tensorflow", "2.21.1.post3", None),
        ("streamlit", "1.2", None),  # which a search does not import
    ],
)
def test_other_version_is_named(name, version, line, packages, suitable):
    """A package that is too old or too new would fail somewhere in the middle."""
    packages(suitable | {name: version})
    found = finding()
    assert (found or "").startswith((line or "").format(python=sys.executable))
    assert (found is None) == (line is None)


@pytest.mark.parametrize("missing", ["ray", "cmaes"])
def test_missing_package_is_named_with_the_python_that_has_it(missing, packages, suitable, tmp_path, monkeypatch):
    """Who starts the system's Python is told which one to start."""
    monkeypatch.setattr(modules, "ROOT", str(tmp_path / "project"))
    del suitable[missing]
    packages(suitable)
    write(tmp_path, f"{missing}/of another kind")  # a folder of this name where the command is started is no package
    line, python = (
        f"{missing} is not installed for {sys.executable}: ",
        tmp_path / "project" / ".venv" / "bin" / "python",
    )
    assert finding() == f"{line}run: make -C {tmp_path}/project setup, and use {python}"
    write(python.parent, "python")
    assert finding() == f"{line}use {python}"
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "project" / ".venv"))  # its installation was cut short
    assert finding() == f"{line}run: make -C {tmp_path}/project clean setup"


def test_import_that_fails_all_the_same_is_one_line(tmp_path):
    """A shared library of another project is found when it is loaded; the line names the variable."""
    failing = ImportError("libstdc++.so.6: file too short\nmore", name="numpy")
    said = "numpy cannot be imported: libstdc++.so.6: file too short; run: "
    assert import_failure(failing, {"LD_LIBRARY_PATH": "/opt/lib"}) == f"{said}unset LD_LIBRARY_PATH"
    assert import_failure(failing, {}).startswith(said.removesuffix("run: "))
    write(tmp_path, "libstdc++.so.6")
    result = command("search.report", LD_LIBRARY_PATH=str(tmp_path))
    assert result.returncode == 1
    said = r"error: .* cannot be imported: .*libstdc.*; run: unset PYTHONPATH LD_LIBRARY_PATH\n"
    assert re.fullmatch(said, result.stderr)


def test_variables_for_python_change_no_command():
    """The command begins again without them: it has its docstrings, does not wait at a prompt, and prints no times."""
    result = command(
        "search", PYTHONOPTIMIZE="2", PYTHONINSPECT="1", PYTHONPROFILEIMPORTTIME="1", PYTHONWARNINGS="error"
    )
    assert (result.returncode, result.stdout.splitlines()[0]) == (0, "usage: python -m search COMMAND [OPTION ...]")
    assert "search.surroundings.variables" in result.stderr  # until it begins again
    assert "argparse" not in result.stderr


def test_python_that_leaves_out_docstrings_is_refused():
    """As an option of Python's it was meant, and Ray cannot do without them."""
    result = subprocess.run(
        [sys.executable, "-OO", "-m", "search"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    line = "error: python -OO leaves out docstrings, without which Ray cannot be imported: start it without\n"
    assert (result.returncode, result.stderr) == (2, line)


@pytest.mark.parametrize("version", [(3, 6, 8), (3, 10, 4), (3, 14, 0)])
def test_other_python_is_refused_in_one_line(version, monkeypatch):
    """The first thing that a command does is to look at its Python's version."""
    script = f"import sys; sys.version_info = {version}; sys.argv = ['-m']; import search"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    found = ".".join(map(str, version))
    line = f"error: Python 3.11, 3.12 or 3.13 is needed, {sys.executable} is Python {found}\n"
    assert (result.returncode, result.stderr) == (2, line)
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=f"^is Python {found}$"):
        runpy.run_path(ROOT / "search/surroundings/interpreter.py", run_name="__main__")


def test_old_pythons_can_read_what_refuses_them():
    """What looks at the version must not be a syntax error for the Pythons that it is there for."""
    for name in ("__init__", "surroundings/__init__", "surroundings/interpreter"):
        ast.parse((ROOT / "search" / f"{name}.py").read_text(), feature_version=(3, 6))


def test_what_is_looked_for_is_what_the_project_asks_for():
    """The versions of Python and packages are written in one more place, which says the same as the first."""
    lowest, below = (".".join(map(str, each)) for each in (interpreter.LOWEST, interpreter.BELOW))
    assert PROJECT["requires-python"] == f">={lowest},<{below}"
    [hosts] = re.findall(r"^PYTHON=([\d.]+)", (ROOT / "deploy" / "setup.sh").read_text(), re.MULTILINE)
    assert interpreter.LOWEST <= tuple(map(int, hosts.split("."))) < interpreter.BELOW
    looked_for = re.findall(r"python3\.(\d+)", (ROOT / "deploy" / "python.sh").read_text())
    assert [int(each) for each in looked_for] == list(range(interpreter.BELOW[1] - 1, interpreter.LOWEST[1] - 1, -1))
    asked = [re.sub(r"\[.*\]", "", each) for each in PROJECT["dependencies"]]
    asked += [each for each in requires("tensorflow") if re.fullmatch(r"keras>=[\d.]+", each)]
    texts = [f"{name}>={_text(low)}{f',<{_text(high)}' if high else ''}" for name, (low, high) in PACKAGES.items()]
    assert sorted(texts) == sorted(re.sub(r"^(keras>=\d+\.\d+)\.0$", r"\1", each) for each in asked)


def _text(version):
    return ".".join(map(str, version))
