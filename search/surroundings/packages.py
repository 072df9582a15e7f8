"""The Python that runs a command and what it would import: looked at before anything else is imported.

`search` calls this first where it is started as a command. A module of the standard library may be hidden by a file of
its name, so nothing is imported here that Python has not loaded by itself.
"""

from __future__ import annotations

import os
import sys
import zipimport
from importlib.machinery import all_suffixes

from search.surroundings import interpreter
from search.surroundings.variables import forget_for_python

TYPE_CHECKING = False  # of `typing`, which takes milliseconds and may be hidden, too
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    Bounds = tuple[tuple[int, ...], tuple[int, ...] | None]

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROJECT = ("search", "trainable", "dashboard")

# What `pyproject.toml` asks for, and Keras as TensorFlow does: the lowest version, and the first that is too new.
PACKAGES: dict[str, Bounds] = {
    "ray": ((2, 60), (2, 61)),
    "tensorflow": ((2, 21), (2, 22)),
    "keras": ((3, 12), None),
    "numpy": ((2, 1), None),
    "optuna": ((5, 0), (6,)),
    "streamlit": ((1, 67), (2,)),
    "pandas": ((3,), None),
    "pyarrow": ((24,), None),
    "plotly": ((6,), None),
    "rich": ((14,), None),
    "scipy": ((1, 15), None),
    "h5py": ((3, 11), None),
    "cmaes": ((0, 11), None),
}
NOT_FOR_SEARCH = ("streamlit", "plotly")
NOT_FOR_DASHBOARD = ("ray", "tensorflow", "keras", "cmaes")
# Of site-packages: what module systems bring along, and what some packages leave there by mistake.
NEVER_IMPORTED = {"pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack", "test", "tests", "docs", "examples"}
SHARED, SHARED_MODULE = "google", "protobuf"  # a folder of several distributions, and what is needed of it
METADATA = (".dist-info", ".egg-info")
SITES = ("site-packages", "dist-packages")  # what stands elsewhere is of projects under development
LIBRARY_PATHS = ("PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD")


def look() -> None:
    """End a command with one line and status 2 where what it would import is not what it should be.

    From then on an import that fails all the same, for the sake of a shared library for instance, is one line, too.
    """
    if forget_for_python(os.environ):
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (itself)
    if line := _without_docstrings() or finding():
        print(f"error: {line}", file=sys.stderr)
        sys.exit(2)
    sys.excepthook = _one_line_of_imports


def finding_for_dashboard() -> str | None:
    """Return what is wrong with the Python that runs the dashboard, in one line; None where nothing is."""
    if not interpreter.SUITS:
        return interpreter.REFUSED
    return finding(without=NOT_FOR_DASHBOARD)


def finding(*, without: Sequence[str] = NOT_FOR_SEARCH) -> str | None:
    """Return what is wrong with what this Python would import, and the remedy, in one line; None where nothing is.

    A folder in front that has all packages is where the project is installed, by `pip install --user` for instance.
    """
    foreign = _foreign(sys.path, os.environ)
    standard = os.path.dirname(os.__file__)
    own = [each for each in sys.path if each not in dict(foreign) and each not in (standard, f"{standard}/lib-dynload")]
    needed = {name: bounds for name, bounds in PACKAGES.items() if name not in without}
    listings = {entry: _packages(entry) for entry in dict(foreign)} | {entry: _listed(entry) for entry in own}
    in_front = [(entry, remedy) for entry, remedy in foreign if not needed.keys() <= set(listings[entry])]
    sites = [entry for entry in own if entry.endswith(SITES)]
    return _hidden(in_front, sites) or _unsuitable(list(listings.values()), needed)


def _without_docstrings() -> str | None:
    line = "python -OO leaves out docstrings, without which Ray cannot be imported: start it without"
    return line if sys.flags.optimize > 1 else None


def _hidden(foreign: Sequence[tuple[str, str]], sites: Sequence[str]) -> str | None:
    """Return the line for modules of the standard library, of packages or of this project that others stand before."""
    ours = {name for site in sites for name, _ in _modules(site)} - NEVER_IMPORTED | set(PROJECT)
    if any(os.path.isdir(os.path.join(site, SHARED)) for site in sites):
        ours.add(SHARED)
    for entry, remedy in foreign:
        if _same(entry, ROOT):
            ours -= set(PROJECT)  # those of entries after this one are not imported
        hidden = [file for name, file in _modules(entry) if name in sys.stdlib_module_names or name in ours]
        shared = os.path.join(entry, SHARED)
        hidden += [file for name, file in _modules(shared) if name == SHARED_MODULE and SHARED in ours]
        if hidden:
            others = f" (and {len(hidden) - 1} more)" if len(hidden) > 1 else ""
            return f"{hidden[0]}{others} would be imported in place of what belongs here: {remedy}"
    return None


def _foreign(path: Sequence[str], environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the entries of Python's path that are not its own, in order, each with how to be rid of it.

    The current folder is one in any case: Ray's workers look there first.
    """
    given = environment.get("PYTHONPATH", "")
    from_variable = {os.path.abspath(entry) for entry in given.split(os.pathsep)} if given else set()
    site = sys.modules.get("site")
    user = getattr(site, "USER_SITE", None) if getattr(site, "ENABLE_USER_SITE", False) else None
    here = _here()
    found = [(here, "rename it, or start from another folder")] if here else []
    for entry in path:
        if entry in from_variable and entry != here:
            found.append((entry, "PYTHONPATH puts it in front; run: unset PYTHONPATH"))
        elif entry == user:
            found.append((entry, "it is your own; run: export PYTHONNOUSERSITE=1"))
    return found


def _modules(entry: str) -> Iterator[tuple[str, str]]:
    """Yield the modules and packages of a folder by name, each with its file or folder; of an archive those we know."""
    try:
        found = sorted(os.scandir(entry), key=lambda each: each.name)
    except NotADirectoryError:
        yield from _archived(entry)
        return
    except OSError:
        return  # it is not there, or not for us to read
    for each in found:
        name, dot, suffix = each.name.partition(".")
        is_package = not dot and os.path.exists(os.path.join(each.path, "__init__.py"))
        if is_package or dot + suffix in all_suffixes():
            yield name, each.path


def _packages(entry: str) -> list[str]:
    """Return the names of what can be imported from a folder, which may hold anything else, and of its metadata."""
    return [*dict(_modules(entry)), *(name for name in _listed(entry) if name.endswith(METADATA))]


def _archived(file: str) -> Iterator[tuple[str, str]]:
    try:
        archive = zipimport.zipimporter(file)
    except zipimport.ZipImportError:
        return
    for name in (*PACKAGES, *PROJECT):
        if archive.find_spec(name) is not None:
            yield name, os.path.join(file, name)


def _unsuitable(listings: Sequence[Sequence[str]], needed: Mapping[str, Bounds]) -> str | None:
    """Return the line for a package that is missing or, where it is found first, of another version than is needed."""
    there = {name.partition(".")[0] for listing in listings for name in listing}
    versions = [_versions(listing) for listing in listings]
    for name, (lowest, below) in needed.items():
        found = next((each[name] for each in versions if name in each), [])
        if not found and name not in there:
            return f"{name} is not installed for {sys.executable}: {_way_out()}"
        if found and not any(lowest <= _numbers(each) and (below is None or _numbers(each) < below) for each in found):
            wanted = f">={_text(lowest)}" + (f",<{_text(below)}" if below else "")
            return f"{name} {found[0]} is installed for {sys.executable}, {name}{wanted} is needed: {_way_out()}"
    return None


def _versions(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the versions of the packages in a folder, by name, that the folders of their metadata tell."""
    found: dict[str, list[str]] = {}
    for name in names:
        if name.endswith(METADATA):
            package, _, version = name.rpartition(".")[0].partition("-")
            found.setdefault(package.lower(), []).append(version.partition("-")[0])
    return found


def _listed(entry: str) -> list[str]:
    """Return the names in a folder; none where it cannot be read or is an archive."""
    try:
        return os.listdir(entry)
    except OSError:
        return []


def _numbers(version: str) -> tuple[int, ...]:
    """Return the first numbers of a version: (2, 60, 0) of 2.60.0, (2, 21, 0) of 2.21.0rc1."""
    parts = ["".join(each for each in part if each.isdigit()) for part in version.partition("rc")[0].split(".")]
    return tuple(int(part) for part in parts[:3] if part)


def _text(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _here() -> str | None:
    """Return the current folder; None where it was removed, or is the dashboard's, whose modules are no one else's."""
    try:
        here = os.getcwd()
    except OSError:
        return None
    return None if _same(here, os.path.join(ROOT, "dashboard")) else here


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _way_out() -> str:
    """Return what to run instead: this project's own Python, which may have to be made first."""
    environment = os.path.join(ROOT, ".venv")
    if _same(sys.prefix, environment):
        return f"run: make -C {ROOT} clean setup"
    python = os.path.join(environment, "bin", "python")
    return f"use {python}" if os.path.exists(python) else f"run: make -C {ROOT} setup, and use {python}"


def import_failure(error: ImportError, environment: Mapping[str, str]) -> str:
    """Return why an import failed and what to do, in one line."""
    while isinstance(error.__cause__, ImportError):  # NumPy explains at length what it was
        error = error.__cause__
    reason = (str(error).strip().splitlines() or ["no reason given"])[0]
    suspects = [name for name in LIBRARY_PATHS if environment.get(name)]
    remedy = f"run: unset {' '.join(suspects)}" if suspects else _way_out()
    return f"{error.name or 'a package'} cannot be imported: {reason}; {remedy}"


def _one_line_of_imports(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if isinstance(error, ImportError):
        print(f"error: {import_failure(error, os.environ)}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, where)
