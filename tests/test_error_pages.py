"""The page of error lines says what the code says."""

import ast
import functools
import re

import pytest
from commands import ROOT

from trainable.problems import BUILT_IN

# A line in code style that is a whole line of the page, after a dash or not, or the first cell of a table's row.
DOCUMENTED = re.compile(r"^(?:- |  |\| )`([^`]+)`(?:\\$| \|)", re.MULTILINE)
# A placeholder, or where two messages may be put together.
SEAM = re.compile(r"\b[A-Z][A-Z0-9_]*\b|[:;] |(?<=\bmust be )|(?<=\bmade with )")
OF_THE_PROBLEM = re.compile("|".join((BUILT_IN.examples, *BUILT_IN.names)))  # which the code takes from its value


def documented():
    """Every line that the page explains."""
    return DOCUMENTED.findall((ROOT / "docs" / "errors.md").read_text(encoding="utf-8"))


@functools.cache
def messages(root):
    """The texts in the code as lists of their fixed parts, between which anything may stand, and all their words."""
    found = []
    for file in [*(root / "search").rglob("*.py"), *(root / "trainable").rglob("*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        formatted = [node.values for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        found += [[part.value for part in parts if isinstance(part, ast.Constant)] for parts in formatted]
        seen = {id(part) for parts in formatted for part in parts}
        seen |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings are none
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in seen]
        # As logging has it, and `ProblemSpec.said`.
        found += [re.split(r"%[srd]|\{\w+\}", node.value) for node in texts if isinstance(node.value, str)]
    return found, set(re.findall("[a-z-]{2,}", "\n".join("\n".join(parts) for parts in found)))


def longest_part(line):
    """The longest text of a line that has no placeholder."""
    return max((part.strip(" '\"") for part in SEAM.split(line)), key=len)


def is_said(line, said):
    """Whether a message that has the line's longest part fits it, and its other words are in some message."""
    texts, words = said
    longest = longest_part(line)
    return set(re.findall("[a-z-]{2,}", line)) <= words and any(
        any(longest in part for part in parts)
        and re.search(".*".join(re.escape(part.strip(" :;")) for part in parts), line)
        for parts in texts
    )


def test_error_lines_of_the_page_are_those_of_the_code():
    """Every line that the page of errors explains is one that the code can print, of the built-in problem."""
    lines, said = documented(), messages(ROOT)
    assert len(lines) > 90
    unsaid = [line for line in lines if not is_said(line, said)]
    assert [line for line in unsaid if not is_said(OF_THE_PROBLEM.sub("NAME", line), said)] == []


@pytest.mark.parametrize("line", ["FILE: is not a SQLite file", "--trials N: the lattice of this space has N points"])
def test_line_that_no_code_prints_is_found(line):
    """A line whose words have changed in the code is noticed, though other words of it are still there."""
    assert not is_said(line, messages(ROOT))
