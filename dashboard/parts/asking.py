"""What a person asks of the trials: filters as widgets, as chips that take them off, and links that ask in vain."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from optuna.distributions import BaseDistribution, CategoricalDistribution

from dashboard.filters import ORDERS, Chip, Filters, Range, stops, wrong_choices, wrong_range, wrong_share
from dashboard.snapshot import STATES, Snapshot, column_of, columns_of
from dashboard.text import plain
from search.study.insight import is_ordered, searched
from search.terminal.words import INACTIVE, number

ALWAYS = ("trial", "mark")  # columns that nobody chooses
LEFT_OUT = ("epochs_run", "weights", "retry_of", "started", "ended")  # unless somebody asks for them
BOOLEANS = ("true", "false")  # in an address
NO_TRIAL = -1  # a number that none has
FOLDED = "Filter by accuracy and parameters, choose columns"
HEAD = "trials-filters"  # session state: how many folded filters are on, and whether they are shown
WRONG = "trials-wrong"  # session state: what was asked in vain, and with what else


@dataclass
class Asked:
    """What a person asks for, with what was asked in vain.

    Attributes:
        filters: Which trials.
        order: One of `ORDERS`.
        columns: Of the table, besides `ALWAYS`.
        chips: The filters that are on.
        wrong: A sentence each.
    """

    filters: Filters = field(default_factory=Filters)
    order: str = ""
    columns: list[str] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def ask(study: Snapshot, pinned: Collection[int]) -> Asked:
    """Ask which trials shall be shown, and how; whoever comes by a link has been asked already.

    Args:
        study: The study.
        pinned: Numbers of its pinned trials.
    """
    asked = Asked()
    states = _main_choices(asked)
    trials = _pinned(asked, pinned)
    on, is_open = st.session_state.get(HEAD, (0, False))
    label = f"{FOLDED}: {on} on" if on else FOLDED
    key = f"filters {is_open}"  # another one where it opens by itself: the browser keeps the same one as it is
    with st.expander(label, expanded=is_open, icon=":material/filter_list:", key=key):
        ranges: dict[str, Range] = {"val_accuracy": _accuracies(asked)}
        choices: dict[str, list[Any]] = {"state": states, "trial": trials}
        _parameters(asked, study, ranges, choices)
        _columns(asked, study)
    asked.filters = Filters(ranges, choices)
    _show_head(asked, study, on, is_open=is_open)
    _say_what_is_wrong(asked, study)
    _chips(asked)
    return asked


def _main_choices(asked: Asked) -> list[str]:
    left, right = st.columns([3, 1])
    asked.wrong += wrong_choices("state", st.query_params.get_all("state"), STATES)
    asked.wrong += wrong_choices("order", st.query_params.get_all("order"), list(ORDERS))
    states = left.multiselect("State", STATES, key="state", bind="query-params", placeholder="any")
    asked.order = str(right.selectbox("Order", list(ORDERS), key="order", bind="query-params"))
    asked.chips += _of_each("state", "state", states, is_folded=False)
    return states


def _pinned(asked: Asked, pinned: Collection[int]) -> list[int]:
    """Ask for the pinned trials alone; return which trials may be shown, where not every one may."""
    asked.wrong += wrong_choices("pinned", [each.lower() for each in st.query_params.get_all("pinned")], BOOLEANS)
    only = st.toggle("Pinned trials only", key="pinned", bind="query-params")
    if not only:
        return []
    asked.chips.append(Chip("pinned", "pinned", rest=False, nothing=False, is_folded=False))
    return sorted(pinned) or [NO_TRIAL]


def _of_each(key: str, name: str, values: Sequence[Any], *, is_folded: bool = True) -> list[Chip]:
    """Return a chip for each value that is let through."""
    return [
        Chip(key, f"{name} {number(each)}", [other for other in values if other != each], [], is_folded)
        for each in values
    ]


def _accuracies(asked: Asked) -> Range:
    left, right = st.columns(2)
    return _accuracy(asked, left, "from"), _accuracy(asked, right, "to")


def _accuracy(asked: Asked, place: Any, end: str) -> float | None:
    key = f"accuracy_{end}"
    asked.wrong += wrong_share(key, st.query_params.get_all(key))
    found: float | None = place.number_input(
        f"val_accuracy {end}", 0.0, 1.0, None, 0.001, "%.4f", key, placeholder="any", bind="query-params"
    )
    if found is not None:
        asked.chips.append(Chip(key, f"val_accuracy {end} {found:.4g}", None, None))
    return found


def _parameters(asked: Asked, study: Snapshot, ranges: dict[str, Range], choices: dict[str, list[Any]]) -> None:
    """Ask for each parameter that the space searches."""
    places = st.columns(2)
    for position, (name, distribution) in enumerate(searched(study.settings).items()):
        with places[position % len(places)]:
            if isinstance(distribution, CategoricalDistribution):
                choices[column_of(name)] = _values(asked, name, distribution)
            else:
                ranges[column_of(name)] = _range(asked, name, distribution)


def _values(asked: Asked, name: str, distribution: CategoricalDistribution) -> list[Any]:
    key = column_of(name)
    offered = distribution.choices if is_ordered(distribution) else [*map(number, distribution.choices), INACTIVE]
    asked.wrong += wrong_choices(name, st.query_params.get_all(key), [str(each) for each in offered])
    found = st.multiselect(plain(name), offered, key=key, bind="query-params", placeholder="any")
    asked.chips += _of_each(key, name, found)
    return found


def _range(asked: Asked, name: str, distribution: BaseDistribution) -> Range:
    key, offered, said = column_of(name), stops(distribution), "{:.6g}".format
    ends = (offered[0], offered[-1])
    asked.wrong += wrong_range(name, st.query_params.get_all(key), [said(each) for each in offered])
    low, high = st.select_slider(plain(name), offered, ends, said, key, bind="query-params")
    if (low, high) != ends:
        asked.chips.append(Chip(key, f"{name} {said(low)} to {said(high)}", ends, ends))
    return None if low == ends[0] else low, None if high == ends[1] else high


def _columns(asked: Asked, study: Snapshot) -> None:
    offered = [name for name in columns_of(study.settings.problem) if name not in ALWAYS]
    offered.insert(offered.index("state") + 1, "progress")
    asked.wrong += wrong_choices("columns", st.query_params.get_all("columns"), offered)
    chosen = [name for name in offered if name not in LEFT_OUT]
    asked.columns = st.multiselect("Columns", offered, chosen, key="columns", bind="query-params")


def _show_head(asked: Asked, study: Snapshot, on: int, *, is_open: bool) -> None:
    """Show the page anew where the head of the folded filters, which stands before them, says what is not so.

    They are unfolded where nothing passes them; it is the person who folds them again, and never the page.
    """
    folded = sum(chip.is_folded for chip in asked.chips)
    in_vain = bool(folded and study.trials) and asked.filters.applied(study.table).empty
    if (folded, is_open or in_vain) != (on, is_open):
        st.session_state[HEAD] = folded, is_open or in_vain
        if asked.wrong:
            _note_what_is_wrong(asked, study)
        st.rerun()


def _note_what_is_wrong(asked: Asked, study: Snapshot) -> None:
    st.session_state[WRONG] = (study.name, asked.filters, asked.order), list(asked.wrong)


def _say_what_is_wrong(asked: Asked, study: Snapshot) -> None:
    """Say what a link asks in vain, until something else is asked; the address keeps none of it."""
    if asked.wrong:
        _note_what_is_wrong(asked, study)
    with_it, wrong = st.session_state.get(WRONG, (None, []))
    if with_it == (study.name, asked.filters, asked.order):
        lines = "".join(f"\n- {plain(each)}" for each in wrong)
        st.warning(f"The link asks for what there is not, and that part of it is left out:\n{lines}")


def _chips(asked: Asked) -> None:
    """Show the filters that are on, each with what takes it off."""
    if not asked.chips:
        return
    with st.container(horizontal=True, gap="small"):
        for chip in asked.chips:
            st.button(
                plain(chip.says), icon=":material/close:", key=f"chip {chip.key} {chip.says}",
                help="Take this filter off", on_click=_set, args=({chip.key: chip.rest},),
            )  # fmt: skip
        nothing = {chip.key: chip.nothing for chip in asked.chips}
        st.button(
            "Clear all filters", icon=":material/filter_list_off:", type="tertiary", on_click=_set, args=(nothing,)
        )


def _set(values: dict[str, Any]) -> None:
    """Give the widgets of filters other values, before they are shown again."""
    for key, value in values.items():
        st.session_state[key] = value
