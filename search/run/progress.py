"""What a person sees while trials run: a live display on a terminal, plain lines elsewhere."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.trial import TrialState
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from search.run.tally import Tally
from search.terminal.console import say
from search.terminal.words import clock, describe, gain
from search.trials.live import LiveTrial, Observer, Retraining

REFRESH = 4  # times a second
TELL_EVERY = 60.0  # seconds between two lines of a log that end with it


@contextmanager
def progress_on(console: Console, tally: Tally) -> Iterator["PlainProgress"]:
    """Yield a live display for a terminal, and plain lines for anything else or where NO_COLOR is set."""
    if console.is_terminal and not os.environ.get("NO_COLOR"):
        progress = LiveProgress(console, tally)
        with progress.display:
            yield progress
    else:
        yield PlainProgress(console, tally)


class PlainProgress(Observer):
    """A line for each trial that ends."""

    def __init__(self, console: Console, tally: Tally) -> None:
        """Print to this console."""
        self._console, self._tally = console, tally
        self._told = -math.inf  # when the time left was

    def started(self, live: LiveTrial) -> None:
        """Count the trial among the running ones."""
        self._tally.begin(live)

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """Print how a trial ended and where the search stands."""
        self._tally.finish(live, state)
        tally = self._tally
        line = f"{tally.counts.finished}/{tally.total}  {outcome(live, state, reason)}  {comparison(tally)}"
        say(self._console, line + self._time_left())

    def suspended(self, live: LiveTrial, reason: str) -> None:
        """Print that a trial failed, of which it is not known yet whether it is to blame."""
        self._tally.stop(live)
        say(self._console, f"{live.title} {reason}: it counts once a later trial ends well  {describe(live.params)}")

    def interrupted(self, live: LiveTrial, reason: str) -> None:
        """Print that a trial was lost."""
        self._tally.stop(live)
        say(self._console, f"{live.title} {reason}: its configuration is tried again  {describe(live.params)}")

    def refused(self, live: LiveTrial, reason: str) -> None:
        """Print that a network turned out to be too large."""
        self._tally.stop(live)
        say(self._console, f"{live.title} {reason}: another one is drawn  {describe(live.params)}")

    def retraining(self, network: Retraining) -> None:
        """Count the network among what is in training."""
        self._tally.begin(network)

    def retrained(self, network: Retraining, done: int, total: int) -> None:
        """Print what came of a network."""
        self._tally.retrain(network, done, total)
        say(self._console, f"confirm {done}/{total}  {confirmed(network)}{self._time_left()}")

    def spared(self, number: int, total: int, reason: str) -> None:
        """Print that networks are not needed."""
        say(self._console, f"not needed: {number} of the {total} networks of the confirmation, since {reason}")

    def lost(self, network: Retraining, reason: str) -> None:
        """Print that a network was lost."""
        self._tally.stop(network)
        say(self._console, f"{network.title}: {reason}")

    def _time_left(self) -> str:
        """Return how a line ends: with the time left where that was not told for a while."""
        left, now = self._tally.remaining, self._tally.clock()
        if not left or now - self._told < TELL_EVERY:
            return ""
        self._told = now
        return f"  about {clock(left)} left"


class LiveProgress(PlainProgress):
    """A display that is redrawn in place, above which lines scroll by that need not say what it shows."""

    def __init__(self, console: Console, tally: Tally) -> None:
        """Draw on this console."""
        super().__init__(console, tally)
        self.display = Live(
            get_renderable=self._render,
            console=console,
            refresh_per_second=REFRESH,
            transient=True,
            redirect_stdout=False,
        )

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """Let the trial scroll by."""
        self._tally.finish(live, state)
        say(self._console, outcome(live, state, reason))

    def retrained(self, network: Retraining, done: int, total: int) -> None:
        """Let the network scroll by."""
        self._tally.retrain(network, done, total)
        say(self._console, confirmed(network))

    def _render(self) -> Group:
        tally = self._tally
        counts = tally.counts
        bar = Table.grid(padding=(0, 1))
        bar.add_row(ProgressBar(tally.total, counts.finished, width=30), f"{counts.finished}/{tally.total} trials")
        figures = (
            f"{counts.complete} complete, {counts.pruned} pruned, {counts.failed} failed, {len(tally.running)} running"
            f"   {clock(tally.elapsed)} elapsed, {time_left(tally)}"
        )
        rows = Table.grid(padding=(0, 2))
        for live in list(tally.running.values()):
            rows.add_row(*map(Text, running_row(live)))
        if tally.confirmed:
            done, total = tally.confirmed
            bar.add_row(ProgressBar(total, done, width=30), f"{done}/{total} networks of the confirmation")
        return Group(bar, Text(figures), Text(comparison(tally), style="bold"), rows)


def comparison(tally: Tally) -> str:
    """Return the best and how far it is from the baseline, in words."""
    if tally.best is None:
        return "no complete trial yet"
    if tally.baseline is None:
        return f"best {tally.best:.4f}"
    return f"best {tally.best:.4f}, baseline {tally.baseline:.4f} ({gain(tally.best, tally.baseline)})"


def time_left(tally: Tally) -> str:
    """Return in words how long it will take yet, or why that is not known."""
    if not tally.begun:
        return "starting workers"
    left = tally.remaining
    if left is None:
        return "time left unknown before the first trial has ended"
    return f"about {clock(left)} left" if left >= 1 else "almost done"


def running_row(live: LiveTrial | Retraining) -> tuple[str, str, str, str]:
    """Return the cells that show a running trial."""
    epoch = f"epoch {live.last.epoch if live.last else 0}/{live.params['epochs']}"
    # A network of all examples has none for validation.
    accuracy = f"{live.last.val_accuracy:.4f}" if live.last and math.isfinite(live.last.val_accuracy) else "-"
    return live.title, epoch, accuracy, describe(live.params)


def outcome(live: LiveTrial, state: TrialState, reason: str | None) -> str:
    """Return one line about a trial that ended."""
    what = f"trial {live.number}{' (baseline)' if live.is_baseline else ''}"
    if state == TrialState.FAIL or live.last is None:
        return f"{what} failed: {reason}  {describe(live.params)}"
    word = "pruned" if state == TrialState.PRUNED else "complete"
    return f"{what} {word} at epoch {live.last.epoch}: {live.last.val_accuracy:.4f}  {describe(live.params)}"


def confirmed(network: Retraining) -> str:
    """Return one line about a network of the confirmation; its test accuracy is not told before the verdict."""
    last = network.last
    if last is None or last.failure:
        return f"{network.title}: {last.failure if last else 'no result'}"
    accuracy = "trained" if math.isnan(last.val_accuracy) else f"{last.val_accuracy:.4f}"
    return f"{network.title}: {accuracy}  {describe(network.params)}"
