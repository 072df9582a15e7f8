"""What a report says of the confirmation: the verdict, how it was measured, and how each candidate did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from search.confirmation.candidates import CONFIRMED, THE_BASELINE, Candidate, are_best
from search.confirmation.evidence import OUT_OF_DATE, TEST_IMAGES, Answer
from search.confirmation.explanation import COLUMNS, Explanation, explanation_of
from search.confirmation.looks import occasions, often, told
from search.confirmation.record import answer_of
from search.confirmation.verdict import NOTEBOOK, Estimate, Verdict, Word, wilson
from search.confirmation.wording import UNSTEADY, method_of, percent, sentence_of, source_of
from search.report.figures import intervals
from search.report.page import Block, Figure, Headline, Section, Table, Text
from search.study.insight import Insight, insight_of
from search.study.settings import Settings
from search.study.study import Counts, baseline_of, count, ranked
from search.terminal.words import POINTS, capital, describe, gain, number, several
from search.trials.stops import Stop, stops_of
from trainable.config import PARAMETERS
from trainable.mnist.source import VALIDATION_SIZE

NONE = "-"  # in a table, where there is nothing

TONES = {Word.BETTER: "better", Word.NO_DIFFERENCE: "same", Word.TOO_FEW: "same", Word.WORSE: "worse"}
WORDS = {
    Word.BETTER: "Better than the baseline",
    Word.NO_DIFFERENCE: "No difference shown",
    Word.TOO_FEW: "Too few images differ to say",
    Word.WORSE: "Worse than the baseline",
}
MEANINGS = {
    Word.BETTER: "The whole interval of the difference lies above 0: chance alone, in the seeds and in the images, "
    "does not explain it.",
    Word.NO_DIFFERENCE: "The interval of the difference holds 0: with these seeds and images, such a difference can be "
    "chance. That is a result and no error. It does not say that both are equal, only that the difference is too small "
    "to be seen this way.",
    Word.TOO_FEW: "Both configurations err on nearly the same of the test images: where so few differ, "
    "an interval means nothing.",
    Word.WORSE: "The whole interval of the difference lies below 0: what won on the validation images loses on the "
    "test images.",
}
BASELINE_WON = (
    "With fresh seeds the baseline itself had the best mean of all candidates on the validation images. That is a "
    "result and no error: this search found nothing to replace it with."
)
SEARCHED = (
    f"The search compared its trials on {VALIDATION_SIZE:,} validation images, on which no trial is trained, with one "
    "seed each. The best of many is partly luck, so the search's own figures are no verdict."
)


@dataclass(frozen=True)
class Found:
    """All that a report is made from, read once.

    Attributes:
        name: Of the study.
        storage: Its address, without a password.
        runs: Home of the default storage and of kept models.
        settings: The study's.
        attributes: The study's user attributes.
        trials: All of them.
        elsewhere: How often other studies of the storage have looked at the same test images; None where not known.
    """

    name: str
    storage: str
    runs: Path
    settings: Settings
    attributes: Mapping[str, Any]
    trials: Sequence[FrozenTrial]
    elsewhere: int | None

    @cached_property
    def answer(self) -> Answer | None:
        """What the confirmation found so far; None where none was begun."""
        return answer_of(self.attributes, self.elsewhere)

    @cached_property
    def explanation(self) -> Explanation | None:
        """What goes with each parameter of the winner; None where that was not asked for, or is not complete."""
        return explanation_of(self.attributes, self.settings)

    @cached_property
    def stops(self) -> list[Stop]:
        """Why the searches of its commands ended, the first one first."""
        return stops_of(self.attributes)

    @cached_property
    def insight(self) -> Insight:
        """What the trials teach."""
        return insight_of(self.trials, self.settings)

    @cached_property
    def counts(self) -> Counts:
        """Trials by state."""
        return count(self.trials)

    @cached_property
    def ranked(self) -> list[FrozenTrial]:
        """The complete trials, best first."""
        return ranked(self.trials)

    @cached_property
    def baseline(self) -> FrozenTrial | None:
        """The complete baseline trial, if there is one."""
        return baseline_of(self.trials)


def headline_of(found: Found) -> Headline:
    """Return what came out in a word or two and in a sentence, or why nothing did yet."""
    answer = found.answer
    if answer is None or answer.verdict is None:
        return _no_verdict(answer)
    return Headline(WORDS[answer.verdict.word], f"{capital(sentence_of(answer))}.", TONES[answer.verdict.word])


def verdict_section(found: Found) -> Section:
    """Say what came out, or why nothing did yet."""
    answer, headline = found.answer, headline_of(found)
    if answer is None or answer.winner is None or answer.verdict is None:
        return Section(None, [headline, Text(_search_result(found))])
    verdict, winner = answer.verdict, answer.winner
    meaning = BASELINE_WON if winner == THE_BASELINE else MEANINGS[verdict.word]
    blocks: list[Block] = [Text(meaning), _accuracies(verdict, winner)]
    if verdict.difference is not None:
        blocks.append(_difference(verdict.difference, verdict, winner))
    blocks += map(Text, remarks(answer))
    if found.explanation is not None:
        blocks += [Text(found.explanation.told), Table("What the gain goes with", COLUMNS, found.explanation.rows)]
    if not are_best(answer.candidates, found.trials, found.settings):
        blocks.append(Text(f"{capital(OUT_OF_DATE)}."))
    return Section(None, [headline, *blocks, Text(_search_result(found))])


def method_section(found: Found) -> Section:
    """Say how the verdict was measured, and what was looked at."""
    texts = [SEARCHED]
    if (answer := found.answer) is not None:
        texts += [] if answer.is_complete else ["Not all of what follows is done yet."]
        texts += [" ".join(method_of(answer)), _looks(answer), source_of(answer)]
    return Section("How it was measured", [Text(each) for each in texts])


def candidates_section(found: Found) -> Section:
    """Show what each candidate scored with each seed."""
    answer = found.answer
    if answer is None:
        return Section("Candidates", [Text("No candidate was trained again with fresh seeds yet.")])
    names, reasons = [each.title for each in answer.candidates], [answer.failure(each) for each in answer.candidates]
    rows = [
        *([name, *(number(each.params[name]) for each in answer.candidates)] for name in PARAMETERS),
        ["the search's own", *(_shown(each.val_accuracy) for each in answer.candidates)],
        *([f"seed {seed}", *(_score(answer, each, seed) for each in answer.candidates)] for seed in answer.seeds),
        ["mean", *(_mean(answer, each) for each in answer.candidates)],
    ]
    if answer.winner is not None:
        rows.append(["outcome", *("winner" if each == answer.winner else "" for each in answer.candidates)])
    if any(reasons):
        rows.append(["failure", *(reason or "" for reason in reasons)])
    return Section("Candidates", [Table("Validation accuracy with each fresh seed", ("", *names), rows)])


def remarks(answer: Answer) -> list[str]:
    """Return what a verdict's interval does not say: how often the winner is ahead, and its worst network."""
    found, verdict, worst = [], answer.verdict, answer.worst
    if verdict is not None and verdict.pairs is not None:
        found.append(
            f"A network of the winner is more accurate on the test images than one of the baseline in "
            f"{verdict.pairs:.0%} of pairs."
        )
    if verdict is not None and worst is not None:
        text = (
            f"The worst of all {several(worst.networks, 'network')} of the winner's configuration had "
            f"{worst.accuracy:.4f} on the {worst.images} images."
        )
        found.append(f"{text} That is {UNSTEADY}" if worst.is_far else text)
    return found


def _no_verdict(answer: Answer | None) -> Headline:
    if answer is None:
        return Headline("Not confirmed yet", "No candidate was trained again with fresh seeds.", "open")
    if answer.is_complete:
        return Headline("No verdict", f"{capital(sentence_of(answer))}.", "open")
    done = f"{answer.done} of {several(answer.total, 'network')} at most are trained"
    return Headline("Not confirmed yet", f"The confirmation is not complete: {done}.", "open")


def _search_result(found: Found) -> str:
    """Say what the search itself has, which is no verdict."""
    running = found.counts.running
    more = f" {several(running, 'trial')} {'is' if running == 1 else 'are'} running." if running else ""
    if not found.ranked:
        return f"No trial is complete, so there is no best one.{more}"
    best, baseline = found.ranked[0], found.baseline
    value = float(best.value or 0)
    params = describe(found.settings.space.complete(best.params))
    text = f"The best trial of the search is {best.number} ({params}), with {value:.4f} on the validation images"
    if best is baseline:
        text += ": it is the baseline"
    elif baseline is not None:
        other = float(baseline.value or 0)
        text += f", where the baseline has {other:.4f}: {gain(value, other)}, one seed each"
    return f"{text}.{more}"


def _accuracies(verdict: Verdict, winner: Candidate) -> Figure:
    level = percent(verdict.confidence)
    notebook = wilson(NOTEBOOK, TEST_IMAGES, verdict.confidence)
    rows = [("The baseline", "s1", verdict.second), ("The notebook", "same", notebook)]
    if winner != THE_BASELINE:
        rows.insert(0, (capital(winner.title), "s0", verdict.first))
    texts = [(name, f"{each.mean:.4f}", f"{each.low:.4f} to {each.high:.4f}") for name, _, each in rows]
    table = Table("Test accuracy", ("", "test accuracy", f"{level} interval"), texts)
    return Figure(intervals(_labelled(rows, texts), "test accuracy", level), table, open=True)


def _difference(shares: Estimate, verdict: Verdict, winner: Candidate) -> Figure:
    level = percent(verdict.confidence)
    points = Estimate(*(POINTS * each for each in (shares.mean, shares.low, shares.high)))
    rows = [(f"{capital(winner.title)} minus the baseline", TONES[verdict.word], points)]
    texts = [(rows[0][0], f"{points.mean:+.2f}", f"{points.low:+.2f} to {points.high:+.2f}")]
    table = Table("Difference of the test accuracies", ("", "points", f"{level} interval"), texts)
    return Figure(intervals(_labelled(rows, texts), "percentage points", level, zero=True), table, open=True)


def _labelled(
    rows: Sequence[tuple[str, str, Estimate]], texts: Sequence[tuple[str, str, str]]
) -> list[tuple[str, str, Estimate]]:
    """Return rows as they are drawn, with the figures beside the name."""
    pairs = zip(rows, texts, strict=True)
    return [(f"{name}: {mean} ({interval})", style, each) for (_, style, each), (name, mean, interval) in pairs]


def _looks(answer: Answer) -> str:
    if not answer.looks:
        return "The test images were not looked at yet for this study."
    each = "; ".join(map(told, occasions(answer.looks)))
    text = f"The test images were looked at for this study {often(answer.looked)}: {each}."
    if answer.elsewhere:
        text += f" For other studies of this storage: {often(answer.elsewhere)}, which nothing makes up for."
    return text


def _score(answer: Answer, candidate: Candidate, seed: int) -> str:
    return _shown(dict(zip(answer.seeds, answer.fresh_val_accuracies(candidate), strict=True))[seed])


def _mean(answer: Answer, candidate: Candidate) -> str:
    is_known = all(each.candidate != candidate for each in answer.missing if each.what == CONFIRMED)
    return _shown(answer.val_accuracy(candidate) if is_known and not answer.failure(candidate) else None)


def _shown(accuracy: float | None) -> str:
    return NONE if accuracy is None else f"{accuracy:.4f}"
