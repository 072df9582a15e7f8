"""Texts that somebody chose, as a page shows them."""

import pytest

from dashboard.text import in_figure, lasting, plain, short_names


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("breast_cancer.csv", "breast_cancer.csv"),
        ("a|b <b>c</b>", r"a\|b \<b\>c\</b\>"),
        ("`x` $y$ **z** _i_ [l](u)", r"\`x\` \$y\$ \*\*z\*\* \_i\_ \[l\](u)"),
        (":material/home: :red[no]", ":\u2060material/home: :\u2060red\\[no\\]"),
        ("http://a.b", "http:\u2060//a.b"),
        ("two\nlines", "two lines"),
    ],
)
def test_plain_text_has_no_meaning_in_markdown(text, markdown):
    """Nor has it one of Streamlit's: icons, colours, emoji; an ordinary name stays as it is."""
    assert plain(text) == markdown


def test_text_in_a_figure_is_no_html():
    """Plotly would draw its letters bold, or make it a link."""
    assert in_figure("<b>x</b> & y") == "&lt;b&gt;x&lt;/b&gt; &amp; y"


def test_short_names_still_differ():
    """A figure would take two equal names for one."""
    names = short_names(["short", *(f"one and the same beginning {number}" for number in range(3))])
    assert names[:2] == ["short", "one and the same beginn…"]
    assert len(set(names)) == 4


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1:00 min"), (77, "1:17 min"), (3599.6, "1:00:00 h")]
)
def test_duration_has_its_unit(seconds, text):
    """Two numbers with a colon alone may be minutes or hours."""
    assert lasting(seconds) == text
