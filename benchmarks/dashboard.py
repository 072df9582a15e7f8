"""`python -m benchmarks.dashboard`: how long a browser waits for a large study, and for what is new while it runs."""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.browsing import COMPLETE, MIB, WIDE, Server, browsing, serving
from benchmarks.command import make_parser
from benchmarks.large import EPOCHS, PACE, fill, searching
from benchmarks.results import record, spread, table
from benchmarks.systems import BenchmarkError, end_on_signals
from search.storage.address import open_storage
from search.study.settings import Settings
from search.terminal.arguments import duration, whole
from search.terminal.quiet import quiet
from search.terminal.words import clock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TRIALS, REPETITIONS = 10_000, 5
SIZES = 12  # times that they are noted while a page stays open
STAYED = "The first page left open while a search ran; the browser's heap once what is not needed was collected."
HEADS = ["after", "trials finished", "server, MiB", "browser's heap, MiB", "nodes of the document"]
GOAL_OPENED, GOAL_REFRESHED = 3, 1  # seconds
PACKAGES = ("streamlit", "plotly", "pandas", "optuna", "playwright")
ASKED_EVERY = 2.0  # seconds, by a page of a study that runs
FEWEST = 3  # refreshes that a page is watched for
PAUSE = 0.5  # seconds; the questions of one refresh are closer to each other

HEADLINE = "() => document.querySelector('[data-testid=stMetricValue]')?.innerText"
# Notes when the page asks and is answered, and when each number of finished trials is first seen beside it.
WATCH = """
window.WebSocket = class extends WebSocket {
    constructor(...parts) {
        super(...parts);
        this.addEventListener('message', () => window.noted?.answered.push(Date.now() / 1000));
    }
    send(data) {
        window.noted?.asked.push(Date.now() / 1000);
        super.send(data);
    }
};
new MutationObserver(() => {
    const beside = document.querySelector('[data-testid=stSidebar]')?.innerText;
    const found = beside?.match(/([\\d,]+)(?: of [\\d,]+)? trials finished/);
    if (window.noted && found) noted.seen[found[1].replaceAll(',', '')] ??= Date.now() / 1000;
}).observe(document, {subtree: true, childList: true, characterData: true});
"""
NOTE = "() => { window.noted = {since: Date.now() / 1000, asked: [], answered: [], seen: {}} }"


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes:
        cold: Seconds to the first figures of a server that has just started.
        warm: The same, once it has read the study.
        opened: By page, seconds until it was complete.
        refreshed: By page, seconds of a refresh.
        seen: Seconds from commits until they were seen.
        memory: The server's, in MiB, after its first page and in the end.
        stayed: While the first page stayed open, evenly in time.
    """

    cold: list[float]
    warm: list[float]
    opened: dict[str, list[float]]
    refreshed: dict[str, list[float]]
    seen: list[float]
    memory: tuple[float, float]
    stayed: list["Sizes"]


class Sizes(NamedTuple):
    """How much memory a page that stays open takes.

    Attributes:
        trials: That the study has finished; 0 before one more did.
        server: The server's resident size, MiB.
        heap: What the page's script holds in the browser once what it needs no longer is collected, MiB.
        nodes: Of the page's document.
    """

    trials: int
    server: float
    heap: float
    nodes: int


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit status."""
    parser = make_parser("dashboard", __doc__)
    parser.add_argument("--trials", metavar="N", type=whole(2), default=TRIALS, help=f"(default: {TRIALS})")
    parser.add_argument(
        "--repeat", metavar="N", type=whole(1), default=REPETITIONS, help=f"of each figure (default: {REPETITIONS})"
    )
    parser.add_argument(
        "--page",
        metavar="NAME",
        dest="pages",
        action="append",
        help="only this one, and others so named (default: all)",
    )
    parser.add_argument(
        "--stay",
        metavar="DURATION",
        type=duration,
        help="keep the first page open that long at the end, while a search runs, and note the server's memory",
    )
    options = parser.parse_args(arguments)
    end_on_signals()
    quiet(verbose=False)
    try:
        with tempfile.TemporaryDirectory() as folder, browsing() as browser:
            figures = measure(browser, Path(folder), options)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    body = report(figures, options)
    print(body)
    name, title = ("dashboard-memory", "The dashboard, left open") if options.stay else ("dashboard", "The dashboard")
    record(name, title, body, options.results, packages=PACKAGES, command="dashboard")
    return 0


def measure(browser: "Browser", folder: Path, options: Namespace) -> Figures:
    """Open the pages of a study, at rest and while a search goes on with it.

    Raises:
        BenchmarkError: A page shows an error, or there is none of a name.
    """
    url = f"sqlite:///{folder / 'studies.db'}"
    storage, settings, repeat = open_storage(url), Settings(seed=1, pruner="none"), options.repeat
    fill(storage, settings, options.trials)
    cold = [_cold(browser, url, folder) for _ in range(repeat)]
    with serving("--storage", url, "--runs", folder) as server:
        open_page(browser, server.address, HEADLINE)
        first = server.memory
        warm = [open_page(browser, server.address, HEADLINE) for _ in range(repeat)]
        pages = addresses(browser, server, options.pages)
        opened = {name: [open_page(browser, each, COMPLETE) for _ in range(repeat)] for name, each in pages.items()}
        with searching(storage, settings) as commits:
            noted = {name: watch(browser, each, repeat) for name, each in pages.items()}
        memory = (first, server.memory)
        stayed: list[Sizes] = []
        if options.stay:
            with searching(storage, settings) as commits:
                stayed = stay(browser, server, commits, options.stay)
    refreshed = {name: refreshes(each["asked"], each["answered"]) for name, each in noted.items()}
    seen = [each for page in noted.values() for each in delays(commits, page)]
    return Figures(cold, warm, opened, refreshed, seen, memory, stayed)


def _cold(browser: "Browser", url: str, folder: Path) -> float:
    with serving("--storage", url, "--runs", folder) as server:
        return open_page(browser, server.address, HEADLINE)


def open_page(browser: "Browser", address: str, condition: str) -> float:
    """Return the seconds from the navigation until a condition holds, in a browser that has nothing yet."""
    with browser.new_page(viewport=WIDE) as page:
        return _wait(page, address, condition)


def addresses(browser: "Browser", server: Server, only: Sequence[str] | None) -> dict[str, str]:
    """Return where the pages are, by their names in the menu."""
    with browser.new_page() as page:
        _wait(page, server.address, COMPLETE)
        links = page.get_by_test_id("stSidebarNavLink").all()
        found = {link.inner_text().splitlines()[-1]: str(link.evaluate("link => link.href")) for link in links}
    if unknown := set(only or ()) - found.keys():
        raise BenchmarkError(f"--page: there is no {', '.join(sorted(unknown))}; the pages are {', '.join(found)}")
    return {name: address for name, address in found.items() if not only or name in only}


def watch(browser: "Browser", address: str, refreshed: int) -> dict[str, Any]:
    """Keep a page open until it was refreshed that often; return what `WATCH` noted once it was complete."""
    with browser.new_page(viewport=WIDE) as page:
        page.add_init_script(WATCH)
        _wait(page, address, COMPLETE)
        page.evaluate(NOTE)
        page.wait_for_timeout(1000 * ASKED_EVERY * (max(refreshed, FEWEST) + 1))
        noted: dict[str, Any] = page.evaluate("noted")
        return noted


def stay(browser: "Browser", server: Server, commits: Sequence[tuple[int, float]], seconds: float) -> list[Sizes]:
    """Keep the first page open that long; return the sizes, from its first moment to its last."""
    found = []
    with browser.new_page(viewport=WIDE) as page:
        _wait(page, server.address, COMPLETE)
        protocol = page.context.new_cdp_session(page)
        protocol.send("Performance.enable")
        for place in range(SIZES + 1):
            protocol.send("HeapProfiler.collectGarbage")
            held = {each["name"]: each["value"] for each in protocol.send("Performance.getMetrics")["metrics"]}
            trials = commits[-1][0] if commits else 0
            found.append(Sizes(trials, server.memory, held["JSHeapUsedSize"] / MIB, int(held["Nodes"])))
            page.wait_for_timeout(1000 * seconds / SIZES * (place < SIZES))
    return found


def _wait(page: "Page", address: str, condition: str) -> float:
    page.goto(address, wait_until="commit")
    page.wait_for_function(f"({condition})() || document.querySelector('[data-testid=stException]')")
    seconds = float(page.evaluate("performance.now() / 1000"))
    if error := page.get_by_test_id("stException").all_inner_texts():
        raise BenchmarkError(f"{address} shows an error:\n{error[0]}")
    return seconds


def refreshes(asked: Sequence[float], answered: Sequence[float]) -> list[float]:
    """Return the seconds of each refresh, from its first question to the last part of the answers.

    A page asks for each of its parts by itself, for all of them at about the same moment.
    """
    starts = [after for before, after in pairwise([float("-inf"), *asked]) if after - before >= PAUSE]
    nexts = [*starts, float("inf")][1:]
    ends = [max((each for each in answered if each < end), default=0.0) for end in nexts]
    return [end - start for start, end in zip(starts, ends, strict=True) if end > start]


def delays(commits: Sequence[tuple[int, float]], noted: dict[str, Any]) -> list[float]:
    """Return the seconds from each commit until its number of trials, or a greater one, was seen on a page."""
    seen = [(int(number), at) for number, at in noted["seen"].items()]
    found = []
    for number, committed in commits:
        times = [at for shown, at in seen if shown >= number]
        if times and committed >= noted["since"]:
            found.append(min(times) - committed)
    return found


def report(figures: Figures, options: Namespace) -> str:
    """Return the section's text."""
    first = [
        [f"first figures, the server just started (goal {GOAL_OPENED})", spread(figures.cold)],
        [f"first figures, the server has read the study (goal {GOAL_OPENED})", spread(figures.warm)],
        [f"a trial's end until it is seen, asked for every {ASKED_EVERY:.0f} s", _any(figures.seen)],
    ]
    pages = [[name, spread(seconds), _any(figures.refreshed[name])] for name, seconds in figures.opened.items()]
    stayed = [
        [clock(options.stay * place / SIZES), f"{each.trials:,}", f"{each.server:.0f}", f"{each.heap:.1f}", each.nodes]
        for place, each in enumerate(figures.stayed)
    ]
    return (
        f"A study of {options.trials} trials of {EPOCHS} epochs on SQLite, looked at with Chromium on the same "
        f"machine, {options.repeat} times. The first figures are those at the head of the first page, from the "
        "navigation on, in a browser that has nothing cached.\n\n"
        + table(["", "seconds"], first)
        + "\n\nA page is complete once its script has ended and its charts are drawn. It is refreshed while a search "
        f"runs (every {PACE} s a trial ends and another has an epoch); a refresh lasts from the page's question to the "
        "last part of the answer.\n\n"
        + table(["page", f"complete, s (goal {GOAL_OPENED})", f"refresh, s (goal {GOAL_REFRESHED})"], pages)
        + "\n\nThe server's resident size was {:.0f} MiB after its first page and {:.0f} MiB in the end.".format(
            *figures.memory
        )
        + (f"\n\n{STAYED}\n\n{table(HEADS, stayed)}" if stayed else "")
    )


def _any(values: Sequence[float]) -> str:
    """Return the spread of what was noted while a page was watched, which may be nothing."""
    return spread(values) if values else "not meanwhile"


if __name__ == "__main__":
    sys.exit(main())
