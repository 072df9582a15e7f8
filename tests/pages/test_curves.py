"""The learning curves, by their data."""

import pandas as pd

from dashboard.charts.curves import SYMBOLS, curves
from dashboard.style import ACCURACY, BASELINE, LINES

EPOCHS = pd.DataFrame(
    [(number, epoch, 0.9 + epoch / 100 + number / 1000) for number in range(7) for epoch in (1, 2)],
    columns=["trial", "epoch", "val_accuracy"],
)


def test_curve_holds_the_epochs_of_its_trial():
    """A line has the epochs of one trial and its name."""
    [line] = curves(EPOCHS, {3: "trial 3"}, None).data
    assert line.name == "trial 3"
    assert list(line.x) == [1, 2]
    assert list(line.y) == [0.913, 0.923]


def test_baseline_is_dashed_and_the_best_dotted():
    """Lines can be told apart without colours."""
    titles = {3: "trial 3", 0: "trial 0 (baseline)", 5: "trial 5 (best)"}
    lines = curves(EPOCHS, titles, 0, 5).data
    assert [line.line.dash for line in lines] == [None, "dash", "dot"]
    assert lines[1].line.color == BASELINE


def test_six_trials_have_six_colours_and_symbols():
    """Each trial beside the baseline has a colour and a symbol of its own."""
    lines = curves(EPOCHS, {number: f"trial {number}" for number in range(7)}, 0).data[1:]
    assert [line.line.color for line in lines] == list(LINES)
    assert [line.marker.symbol for line in lines] == list(SYMBOLS)


def test_curves_have_axis_titles_and_room_for_every_epoch():
    """A tick never stands between two epochs, and the axes say what they show."""
    layout = curves(EPOCHS, {1: "trial 1"}, None).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("epoch", ACCURACY)
    assert (tuple(layout.xaxis.range), layout.xaxis.dtick) == ((0.5, 2.5), 1)


def test_trial_without_an_epoch_has_an_empty_curve():
    """A trial that failed at once is named in the legend, and has no point."""
    [line] = curves(EPOCHS[:0], {1: "trial 1"}, None).data
    assert (line.name, len(line.x)) == ("trial 1", 0)
