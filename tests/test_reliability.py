"""The page on what a search survives: each promise names its tests and the command that runs them."""

import ast
import re

import pytest
from commands import ROOT

TESTS = ROOT / "tests"
PROMISES = [line for line in (ROOT / "docs" / "reliability.md").read_text().splitlines() if line.count(" | ") == 3][2:]
COMMANDS = {"thorough": "make test-all", "long": "make cluster-test"}  # by mark; `make test` runs what has neither


def marks_in(nodes):
    """The marks that are named in some lines of code."""
    return {each.attr for node in nodes for each in ast.walk(node) if isinstance(each, ast.Attribute)} & set(COMMANDS)


def commands_of(test):
    """The commands that run a test, named by its file and function, or a file of tests; none where it is not there."""
    file, _, function = test.partition("::")
    if not file.rpartition("/")[2].startswith("test_"):
        return {f"make {(TESTS / file).stem}"} if (TESTS / file).is_file() else set()
    code = ast.parse((TESTS / file).read_text()).body
    whole = marks_in(
        node for node in code if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    )
    found = [node for node in code if isinstance(node, ast.FunctionDef) and node.name == function]
    if function and not found:
        return set()
    own = {(decorator, mark) for node in found for decorator in node.decorator_list for mark in marks_in([decorator])}
    some = {mark for decorator, mark in own if "param(" in ast.unparse(decorator)}  # of its cases, not all of them
    marks = whole | {mark for _, mark in own}
    return {COMMANDS[mark] for mark in marks} | ({"make test"} if not marks or marks == some else set())


@pytest.mark.parametrize("line", PROMISES, ids=lambda line: line.split(" | ")[0].removeprefix("| "))
def test_promise_names_its_tests_and_what_runs_them(line):
    """The tests are there, and the commands are those that run them and no others."""
    *_, tests, commands = (re.findall("`([^`]+)`", cell) for cell in line.split(" | "))
    assert tests
    run_by = [commands_of(test) for test in tests]
    assert all(run_by), dict(zip(tests, run_by, strict=True))
    assert set().union(*run_by) == set(commands)


def test_every_promise_is_looked_at():
    """The table is found on the page."""
    assert len(PROMISES) > 15
