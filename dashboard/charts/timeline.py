"""Which worker had which trial when: lanes derived from times, how busy they were, and bars."""

import heapq
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.snapshot import column_of
from dashboard.style import BASELINE, STATES, titled
from dashboard.text import figures, in_figure
from search.terminal.words import INACTIVE

NO_HOST = "host not recorded"
PATTERNS = {"complete": "", "pruned": "/", "running": "\\", "failed": "x", "interrupted": ".", "infeasible": ""}
ROW = 30  # pixels
PARTED = 200  # trials; the edges of more would hide their colours


def lanes(starts: Sequence[float], ends: Sequence[float]) -> list[int]:
    """Return for each interval the lowest lane, counted from 1, that is free from its start to its end.

    Args:
        starts: In any order.
        ends: None before its start. One that ends where another starts leaves its lane to it.
    """
    found = [0] * len(starts)
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    for position in sorted(range(len(starts)), key=lambda each: (starts[each], ends[each])):
        while busy and busy[0][0] <= starts[position]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy) + 1
        heapq.heappush(busy, (ends[position], lane))
        found[position] = lane
    return found


def spans(table: pd.DataFrame, until: datetime | None) -> pd.DataFrame:
    """Return the trials that began, with `start`, `end`, `taken`, `host`, `lane`, and `row`: what its line is called.

    Trials record their host with their first epoch. Where a study knows a single one, the others are taken to have
    run there.

    Args:
        table: `Snapshot.table`.
        until: When running trials are drawn to; None where no one drives the study: to its last event.
    """
    begun = table[table["started"].notna()].rename(columns={"started": "start", "ended": "end"})
    last = until or begun[["start", "end"]].max().max()
    begun["end"] = begun["end"].fillna(last).clip(lower=begun["start"])
    known = begun["host"].dropna().unique()
    begun["host"] = begun["host"].fillna(known[0] if len(known) == 1 else NO_HOST)
    begun["taken"] = begun["end"] - begun["start"]
    begun["lane"] = 0
    for _, group in begun.groupby("host"):
        times = (group[name].astype("int64").tolist() for name in ("start", "end"))
        begun.loc[group.index, "lane"] = lanes(*times)
    begun["row"] = begun["host"] + " · " + begun["lane"].astype(str)
    return begun


def since(table: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """Return those of `spans` that had not ended at a moment, none of them beginning before it."""
    late = table[table["end"] > moment].copy()
    late["start"] = late["start"].where(late["start"] > moment, moment)
    return late


def occupancy(table: pd.DataFrame) -> pd.DataFrame:
    """Return how busy each lane of `spans` was between the first start and the last end on its host.

    Returns:
        A row a lane: host, lane, trials, `busy`, `idle` and `gap` (the longest idle time in it) in seconds, `share`.
    """
    rows = []
    for host, group in table.groupby("host"):
        first, last = group["start"].min(), group["end"].max()
        for lane, held in group.groupby("lane"):
            ordered = held.sort_values("start")
            gaps = (pd.Series([*ordered["start"], last]) - pd.Series([first, *ordered["end"]])).dt.total_seconds()
            idle, whole = gaps.sum(), (last - first).total_seconds()
            share = 1 - idle / whole if whole else 1.0
            rows.append((host, lane, len(held), whole - idle, idle, gaps.max(), share))
    return pd.DataFrame(rows, columns=["host", "lane", "trials", "busy", "idle", "gap", "share"])


def timeline_chart(table: pd.DataFrame, names: Sequence[str]) -> go.Figure:
    """Draw `spans`: a line a lane, a bar a trial with the parameters of these names, a colour and a pattern a state."""
    figure = go.Figure()
    for state in (each for each in STATES if (table["state"] == each).any()):
        held = table[table["state"] == state]
        figure.add_bar(
            name=state,
            orientation="h",
            y=held["row"],
            base=held["start"].dt.strftime("%Y-%m-%d %H:%M:%S.%f"),
            x=(held["end"] - held["start"]).dt.total_seconds() * 1000,  # of a date axis, plotly counts milliseconds
            marker={
                "color": STATES[state][0],
                # The shortest is seen by its edge, which parts it from the next where there are not too many.
                "line": {"color": BASELINE if len(table) <= PARTED else STATES[state][0], "width": 1},
                "pattern": {"shape": PATTERNS[state], "solidity": 0.2, "fillmode": "overlay"},
            },
            text=held["trial"],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            customdata=_hover(held, names),
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        )
    rows = table.sort_values(["host", "lane"])["row"].unique()[::-1]
    titled(figure, "local time", "host · lane", height=160 + ROW * len(rows))
    figure.update_layout(
        barmode="overlay",
        bargap=0.15,
        showlegend=True,
        uirevision="timeline",
        uniformtext={"minsize": 9, "mode": "hide"},
    )
    figure.update_xaxes(type="date")
    figure.update_yaxes(categoryorder="array", categoryarray=list(rows), type="category")
    return figure


def _hover(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return what is said of each bar."""
    seconds = table["taken"].dt.total_seconds()
    drawn = table[[*map(column_of, names)]].to_dict("records")
    return [
        f"trial {number}, {taken:.1f} s<br>" + "<br>".join(_said(name, params[column_of(name)]) for name in names)
        for number, taken, params in zip(table["trial"], seconds, drawn, strict=True)
    ]


def _said(name: str, value: Any) -> str:
    """Return a parameter of a trial, which may not have it."""
    return in_figure(f"{name} {INACTIVE if pd.isna(value) else figures(value)}")
