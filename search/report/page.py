"""A page as what it says, and how HTML and Markdown say it: the one place where text becomes markup.

Everything but the drawings is text that may hold anything, and is escaped here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from search.terminal.arguments import one_line

TEMPLATE = Path(__file__).with_name("report.html")
# What Markdown gives a meaning inside a line; an underscore within a word has none.
_MARKUP = re.compile(r"[\\`*\[\]<>|~&$]|\b_|_\b|(?<=:)//|(?<=www)\.")
_NUMBER = re.compile(r"-|[+-]?[\d.]+( s| points| to [+-]?[\d.]+)?")


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Lines to copy."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of texts below the names of their columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A drawing as SVG, and the table that says the same: all that Markdown shows, and in HTML folded unless `open`."""

    drawing: str
    table: Table
    open: bool = False


@dataclass(frozen=True)
class Headline:
    """What the page has to say, in a word or two and in a sentence; `tone` is a class of the style sheet."""

    word: str
    sentence: str
    tone: str


Block = Text | Items | Code | Table | Figure | Headline


@dataclass(frozen=True)
class Section:
    """A heading and what is below it; the first section of a page may have none."""

    title: str | None
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A title, a line below it, and sections."""

    title: str
    subtitle: str
    sections: Sequence[Section]


def to_html(page: Page) -> str:
    """Return a page as HTML that needs nothing from elsewhere."""
    body = [f"<header><h1>{_html(page.title)}</h1><p>{_html(page.subtitle)}</p></header>"]
    for section in page.sections:
        heading = f"<h2>{_html(section.title)}</h2>" if section.title else ""
        body.append(f"<section>{heading}{_grouped(section.blocks)}</section>")
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(title=_html(page.title), body="\n".join(body))


def to_markdown(page: Page) -> str:
    """Return a page as Markdown, with tables as GitHub has them."""
    parts = [f"# {markdown(page.title)}", markdown(page.subtitle)]
    for section in page.sections:
        parts += [f"## {markdown(section.title)}"] if section.title else []
        parts += [_markdown_block(block) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def _grouped(blocks: Sequence[Block]) -> str:
    """Return blocks as HTML, with figures that follow each other side by side."""
    parts, within = [], False
    for block in blocks:
        if isinstance(block, Figure) != within:
            parts.append("</div>" if within else '<div class="figures">')
            within = not within
        parts.append(_html_block(block))
    return "\n".join(parts) + ("</div>" if within else "")


def _html_block(block: Block) -> str:
    match block:
        case Text(text):
            return f"<p>{_html(text)}</p>"
        case Items(texts):
            return f"<ul>{''.join(f'<li>{_html(each)}</li>' for each in texts)}</ul>"
        case Code(text):
            return f'<pre tabindex="0">{chr(10).join(map(_html, text.splitlines()))}</pre>'
        case Table():
            return f"<h3>{_html(block.title)}</h3>{_html_rows(block)}"
        case Figure(drawing, table):
            folded = f"<details{' open' * block.open}><summary>as a table</summary>{_html_rows(table)}</details>"
            return f"<figure><figcaption>{_html(table.title)}</figcaption>{drawing}{folded}</figure>"
        case Headline(word, sentence, tone):
            return f'<div class="headline {tone}"><strong>{_html(word)}</strong><p>{_html(sentence)}</p></div>'


def _html_rows(table: Table) -> str:
    head = "".join(f'<th scope="col">{_html(each)}</th>' for each in table.columns)
    rows = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in table.rows)
    whole = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="scroll" tabindex="0"><table aria-label="{_html(table.title)}">{whole}</table></div>'


def _html_cell(text: str) -> str:
    return f"<td{' class=number' if _NUMBER.fullmatch(text) else ''}>{_html(text)}</td>"


def _markdown_block(block: Block) -> str:
    match block:
        case Text(text):
            return markdown(text)
        case Items(texts):
            return "\n".join(f"- {markdown(each)}" for each in texts)
        case Code(text):
            longest = max((len(run) for run in re.findall("`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            return "\n".join([fence, *map(one_line, text.splitlines()), fence])
        case Table():
            return _markdown_table(block)
        case Figure(table=table):
            return _markdown_table(table)
        case Headline(word, sentence):
            return f"**{markdown(word)}**\n\n{markdown(sentence)}"


def _markdown_table(table: Table) -> str:
    head, *rows = ([markdown(each) or " " for each in row] for row in (table.columns, *table.rows))
    lines = (f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
    return "\n".join([f"**{markdown(table.title)}**", "", *lines])


def markdown(text: str) -> str:
    """Return a text so that Markdown shows it as it is, in one line."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", one_line(text))


def _html(text: str) -> str:
    return escape(one_line(text))
