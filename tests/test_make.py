"""`make setup` takes the newest Python that suits, refuses in a second where none does, and installs nowhere else."""

import shutil
import subprocess

import pytest
from commands import ROOT

TOOLS = ("sh", "dirname", "tail", "mkdir", "cp", "touch", "cat")
# Answers like a Python of this version: to what looks at it, to -V, to venv; it writes down what pip is asked.
STUB = """#!/bin/sh
case "$*" in
    *interpreter.py) {look} ;;
    -V) echo "Python {version}" ;;
    "-m venv "*) echo "venv $*" >>log; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *) echo "pip PYTHONPATH=$PYTHONPATH PIP_TARGET=$PIP_TARGET PIP_USER=$PIP_USER" >>log ;;
esac
"""


@pytest.fixture
def checkout(tmp_path):
    """What `make setup` needs, where no Python is there but those that a test makes up."""
    for name in (
        "Makefile",
        "pyproject.toml",
        "requirements.lock",
        "deploy/python.sh",
        "search/surroundings/interpreter.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def python(checkout, name, version, look="exit 0"):
    """Make up a Python."""
    file = checkout / "bin" / name
    file.write_text(STUB.format(version=version, look=look))
    file.chmod(0o755)


def setup(checkout, *arguments, **variables):
    """Run `make setup`; return its exit status, the lines that it says, and what was done."""
    environment = {"PATH": str(checkout / "bin")} | variables
    command = [shutil.which("make"), "--silent", "setup", *arguments]
    result = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    log = checkout / "log"
    done = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    said = [line for line in (result.stdout + result.stderr).splitlines() if not line.startswith("make: ***")]
    return result.returncode, said, done


def test_newest_python_that_suits_is_taken(checkout):
    """A newer one is in nobody's way, nor is one that cannot make an environment."""
    python(checkout, "python3", "3.14.0", "echo is Python 3.14.0 >&2; exit 1")
    python(checkout, "python3.13", "3.13.1", "echo has no venv >&2; exit 1")
    python(checkout, "python3.11", "3.11.2")
    python(checkout, "python3.12", "3.12.3")
    status, said, done = setup(checkout)
    assert (status, said) == (0, ["Installing into .venv with python3.12 (2 to 3 minutes the first time)"])
    assert done[0] == "venv -m venv --clear .venv"
    assert setup(checkout) == (0, [], [])  # it is there


def test_no_python_that_suits_is_one_line(checkout):
    """The line says what each of them lacks, and how to name another one."""
    python(checkout, "python3", "3.14.0", "echo is Python 3.14.0 >&2; exit 1")
    python(checkout, "python3.11", "3.11.2", "echo has no venv >&2; exit 1")
    ending = "name one that suits: make setup PYTHON=/path/to/python3"
    line = f"Python 3.11, 3.12 or 3.13 is needed: python3.11 has no venv; python3 is Python 3.14.0; {ending}"
    assert setup(checkout) == (2, [line], [])
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_python_that_is_named_wins_and_is_looked_at(checkout, by):
    """Nothing else is taken in its place."""
    python(checkout, "python3.12", "3.12.3")
    python(checkout, "mine", "3.11.5")
    python(checkout, "old", "3.9.2", "echo is Python 3.9.2 >&2; exit 1")

    def named(name):
        return setup(checkout, f"PYTHON={name}") if by == "argument" else setup(checkout, PYTHON=name)

    ending = "; name one that suits: make setup PYTHON=/path/to/python3"
    assert named("old") == (2, [f"Python 3.11, 3.12 or 3.13 is needed: old is Python 3.9.2{ending}"], [])
    assert named("none") == (2, [f"Python 3.11, 3.12 or 3.13 is needed: none is not there{ending}"], [])
    assert named("mine")[1] == ["Installing into .venv with mine (2 to 3 minutes the first time)"]


def test_environment_whose_python_is_gone_is_made_anew(checkout):
    """After an upgrade of the system, .venv leads to a Python that is no longer there."""
    python(checkout, "python3.12", "3.12.3")
    setup(checkout)
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "bin" / "python").symlink_to(checkout / "bin" / "python3.10")
    assert setup(checkout)[2][0] == "venv -m venv --clear .venv"


def test_environment_of_the_same_python_is_brought_up_to_date(checkout):
    """What is installed in it stays."""
    python(checkout, "python3.12", "3.12.3")
    setup(checkout)
    (checkout / ".venv" / ".installed").unlink()
    assert setup(checkout)[2][0] == "venv -m venv .venv"


def test_variables_of_other_projects_change_nothing(checkout):
    """Packages are neither looked for in a module system's folder nor put into another one."""
    python(checkout, "python3.12", "3.12.3")
    *_, done = setup(checkout, PYTHONPATH="/opt/modules", PIP_TARGET="/opt/target", PIP_USER="1")
    assert done[1:] == ["pip PYTHONPATH= PIP_TARGET= PIP_USER=0"] * 2
