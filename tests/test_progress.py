"""What a person sees while trials run, and after."""

import io
import math
from types import SimpleNamespace

import pytest
from optuna.trial import TrialState
from rich.console import Console

from search.run.progress import LiveProgress, PlainProgress, progress_on, running_row, time_left
from search.run.tally import Tally
from search.study.study import Counts
from search.terminal.console import say
from search.terminal.words import clock, describe, gain
from search.trials.live import LiveTrial, Measurement, Retraining
from trainable.problems import BUILT_IN


def live_trial(number, accuracy=None, *, epoch=3, baseline=False):
    """A trial in flight."""
    trial = SimpleNamespace(number=number, user_attrs={"baseline": True} if baseline else {})
    last = None if accuracy is None else Measurement(epoch, accuracy, 0.9, 1.0, 1.0, "h", 1)
    return LiveTrial(trial, BUILT_IN.baseline, last)


def console(*, terminal, width=120):
    """A console that writes into a string."""
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, no_color=not terminal)


def test_plain_lines_say_what_ended_and_where_the_search_stands():
    """One line a trial: its outcome, its parameters, the best and the baseline."""
    screen = console(terminal=False)
    progress = PlainProgress(screen, Tally(4, Counts()))
    progress.finished(live_trial(0, 0.97, epoch=5, baseline=True), TrialState.COMPLETE, None)
    progress.finished(live_trial(1, 0.98), TrialState.COMPLETE, None)
    progress.finished(live_trial(2, 0.9, epoch=2), TrialState.PRUNED, None)
    progress.finished(live_trial(3), TrialState.FAIL, "diverged at epoch 1")
    progress.started(live_trial(4))
    progress.suspended(live_trial(4), "error: KeyError: 'a'")
    progress.started(live_trial(5))
    progress.refused(live_trial(5), "infeasible: 9 parameters of at most 8")
    assert not progress._tally.running
    parameters = "hidden_units 512, learning_rate 0.001, batch_size 128, epochs 5"
    first = "best 0.9700, baseline 0.9700 (+0.00 points)"
    standing = "best 0.9800, baseline 0.9700 (+1.00 points)"
    assert screen.file.getvalue().splitlines() == [
        f"1/4  trial 0 (baseline) complete at epoch 5: 0.9700  {parameters}  {first}",
        f"2/4  trial 1 complete at epoch 3: 0.9800  {parameters}  {standing}",
        f"3/4  trial 2 pruned at epoch 2: 0.9000  {parameters}  {standing}",
        f"4/4  trial 3 failed: diverged at epoch 1  {parameters}  {standing}",
        f"trial 4 error: KeyError: 'a': it counts once a later trial ends well  {parameters}",
        f"trial 5 infeasible: 9 parameters of at most 8: another one is drawn  {parameters}",
    ]


def test_live_display_shows_counts_running_trials_and_time():
    """On a terminal the display holds everything that the design asks for."""
    screen = console(terminal=True)
    now = iter([0.0, *[60.0] * 50])
    known = {"best": 0.98, "baseline": 0.97, "confirmed": (0, 30), "forecast": lambda: 420.0}
    tally = Tally(10, Counts(complete=1, pruned=1), **known, clock=lambda: next(now))
    progress = LiveProgress(screen, tally)
    progress.started(live_trial(7, 0.9711, epoch=2))
    progress.started(live_trial(8))
    progress.suspended(live_trial(8), "crashed")
    progress.finished(live_trial(6, 0.99), TrialState.COMPLETE, None)
    screen.print(progress._render())
    shown = screen.file.getvalue()
    for part in (
        "3/10 trials",
        "0/30 networks of the confirmation",
        "2 complete, 1 pruned, 0 failed, 1 running",
        "1:00 elapsed, about 7:00 left",
        "best 0.9900, baseline 0.9700 (+2.00 points)",
        "trial 7",
        "epoch 2/5",
        "0.9711",
    ):
        assert part in shown


def test_time_left_is_estimated_when_something_ends_and_runs_down_in_between():
    """Nothing is estimated from nothing, and no estimate is below zero."""
    now, estimates = [0.0], iter([None, 100.0, 40.0])
    tally = Tally(10, Counts(complete=4), forecast=lambda: next(estimates), clock=lambda: now[0])
    assert time_left(tally) == "starting workers"
    tally.begin(live_trial(4))
    assert tally.remaining is None
    assert time_left(tally) == "time left unknown before the first trial has ended"
    tally.finish(live_trial(4, 0.97), TrialState.COMPLETE)
    now[0] = 30.0
    assert time_left(tally) == "about 1:10 left"
    tally.retrain(Retraining("trial 4 again", BUILT_IN.baseline), 1, 2)
    assert tally.remaining == 40.0
    now[0] = 90.0
    assert tally.remaining == 0.0
    assert time_left(tally) == "almost done"


def test_lines_of_a_log_end_with_the_time_left_once_a_minute():
    """From the first trial on, through the confirmation; not where nothing is left."""
    now, estimates = [0.0], iter([None, 600.0, 590.0, 500.0, 0.0])
    screen = console(terminal=False)
    progress = PlainProgress(screen, Tally(9, Counts(), forecast=lambda: next(estimates), clock=lambda: now[0]))
    progress.started(live_trial(0))
    for now[0] in (5.0, 30.0, 70.0):
        progress.finished(live_trial(0, 0.97), TrialState.COMPLETE, None)
    now[0] = 140.0
    progress.retrained(Retraining("the baseline again", BUILT_IN.baseline), 1, 1)
    ends = [line.rpartition("  ")[2] for line in screen.file.getvalue().splitlines()]
    assert ends[0] == "about 10:00 left"
    assert ends[2] == "about 8:20 left"
    assert not [end for end in (ends[1], ends[3]) if "left" in end]


def test_network_of_all_images_in_training_shows_no_accuracy():
    """It has no validation images."""
    network = Retraining("trial 7 again, seed 1, all images", BUILT_IN.baseline, live_trial(7, math.nan).last)
    assert running_row(network)[1:3] == ("epoch 3/5", "-")


def test_lines_break_between_words_on_a_terminal_and_nowhere_in_a_file():
    """The words of a narrow terminal's lines are those of the line."""
    line = "1/4  trial 0 (baseline) complete at epoch 5: 0.9700  hidden_units 512, learning_rate 0.001, batch_size 128"
    narrow, file = console(terminal=True, width=40), console(terminal=False, width=40)
    for screen in (narrow, file):
        say(screen, line)
    lines = narrow.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert [word for part in lines for word in part.split()] == line.split()
    assert file.file.getvalue() == f"{line}\n"


def test_paths_and_commands_are_never_broken():
    """They are there to be copied."""
    line = "export     python -m search.export --study night --runs '/a folder' --output exports/night"
    screen = console(terminal=True, width=40)
    say(screen, line, whole=True)
    assert screen.file.getvalue() == f"{line}\n"


@pytest.mark.parametrize("progress", [PlainProgress, LiveProgress])
def test_networks_that_are_not_needed_are_told(progress):
    """The total stays as it was, so a person is told why it is not reached."""
    screen = console(terminal=False)
    progress(screen, Tally(4, Counts())).spared(2, 8, "no configuration did better than the baseline")
    line = "not needed: 2 of the 8 networks of the confirmation, since no configuration did better than the baseline"
    assert screen.file.getvalue() == f"{line}\n"


@pytest.mark.parametrize(
    ("terminal", "no_color", "kind"),
    [(True, "", LiveProgress), (True, "1", PlainProgress), (False, "", PlainProgress)],
)
def test_display_follows_the_terminal(terminal, no_color, kind, monkeypatch):
    """The live display is for terminals; NO_COLOR and pipes get plain lines."""
    monkeypatch.setenv("NO_COLOR", no_color)
    with progress_on(console(terminal=terminal), Tally(1, Counts())) as progress:
        assert type(progress) is kind


def test_figures_are_written_for_people():
    """Durations, differences and parameters have one form everywhere."""
    assert [clock(seconds) for seconds in (0, 59.6, 3599, 3600, 36000)] == [
        "0:00",
        "1:00",
        "59:59",
        "1:00:00",
        "10:00:00",
    ]
    assert gain(0.98, 0.9765) == "+0.35 points"
    assert gain(0.97, 0.9765) == "-0.65 points"
    assert describe(BUILT_IN.baseline) == "hidden_units 512, learning_rate 0.001, batch_size 128, epochs 5"
