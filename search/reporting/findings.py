"""What a report says of the confirmation: the verdict, how it was measured, and how each candidate did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from search.answer import OUT_OF_DATE, TEST_IMAGES, THE_BASELINE, VAL_ACCURACY, Answer, Candidate, answer_of
from search.insight import Insight, insight_of
from search.looks import occasions, told
from search.progress import describe, gain
from search.reporting.figures import intervals
from search.reporting.page import Block, Figure, Headline, Section, Table, Text
from search.settings import Settings
from search.study import POINTS, Counts, baseline_of, count, ranked
from search.verdict import NOTEBOOK, Estimate, McNemar, Verdict, Word, wilson
from trainable.config import PARAMETERS
from trainable.data import VALIDATION_SIZE

SMALLEST_P = 0.0001  # that is told from 0
NONE = "-"  # in a table, where there is nothing

TONES = {Word.BETTER: "better", Word.NO_DIFFERENCE: "same", Word.WORSE: "worse"}
WORDS = {
    Word.BETTER: "Better than the baseline",
    Word.NO_DIFFERENCE: "No difference shown",
    Word.WORSE: "Worse than the baseline",
}
MEANINGS = {
    Word.BETTER: "The whole interval of the difference lies above 0: chance alone, in the seeds and in the images, "
    "does not explain it.",
    Word.NO_DIFFERENCE: "The interval of the difference holds 0: with these seeds and images, such a difference can be "
    "chance. That is a result and no error. It does not say that both are equal, only that the difference is too small "
    "to be seen this way.",
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
INTERVALS = (
    "The intervals count seeds and images both as samples, since a network of another seed makes other errors and "
    "other images would be easier or harder: it is the analysis of variance for several readers who judge the same "
    "cases (Obuchowski and Rockette, Communications in Statistics - Simulation and Computation 24, 1995, with their "
    "degrees of freedom; the mean squares as Hillis, Berbaum and Metz give them, Academic Radiology 15, 2008). The "
    "notebook's is Wilson's, of a single network, and knows nothing of other seeds."
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
    """

    name: str
    storage: str
    runs: Path
    settings: Settings
    attributes: Mapping[str, Any]
    trials: Sequence[FrozenTrial]

    @cached_property
    def answer(self) -> Answer | None:
        """What the confirmation found so far; None where none was begun."""
        return answer_of(self.attributes)

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
    return Headline(WORDS[answer.verdict.word], f"{capital(answer.sentence)}.", TONES[answer.verdict.word])


def verdict_section(found: Found) -> Section:
    """Say what came out, or why nothing did yet."""
    answer, headline = found.answer, headline_of(found)
    if answer is None or answer.winner is None or answer.verdict is None:
        return Section(None, [headline, Text(_search_result(found))])
    verdict, winner = answer.verdict, answer.winner
    difference, test = verdict.difference, verdict.mcnemar
    meaning = BASELINE_WON if winner == THE_BASELINE else MEANINGS[verdict.word]
    blocks: list[Block] = [Text(meaning), _accuracies(verdict, winner)]
    if difference is not None and test is not None:
        blocks.append(_difference(difference, verdict.word, winner))
        blocks.append(Text(_mcnemar(test, answer.final_seeds[test.seed], winner)))
    if not answer.is_of(found.trials, found.settings):
        blocks.append(Text(f"{capital(OUT_OF_DATE)}."))
    return Section(None, [headline, *blocks, Text(_search_result(found))])


def method_section(found: Found) -> Section:
    """Say how the verdict was measured, and what was looked at."""
    texts = [SEARCHED]
    if (answer := found.answer) is not None:
        confirmed = (
            f"{several(len(answer.candidates) - 1, 'configuration')} and the baseline were chosen to be trained again "
            f"with {several(len(answer.seeds), 'fresh seed')} each. The winner is the one with the best mean on the "
            "validation images; it and the baseline are also trained on all 60,000 training images, with as many other "
            f"seeds, and these networks alone are scored on the {TEST_IMAGES:,} test images."
        )
        texts += [capital(confirmed), _looks(answer), INTERVALS]
    return Section("How it was measured", [Text(each) for each in texts])


def candidates_section(found: Found) -> Section:
    """Show what each candidate scored with each seed."""
    answer = found.answer
    if answer is None:
        return Section("Candidates", [Text("No configuration was trained again with fresh seeds yet.")])
    names, reasons = [each.title for each in answer.candidates], [answer.failure(each) for each in answer.candidates]
    rows = [
        *([name, *(number(each.params[name]) for each in answer.candidates)] for name in PARAMETERS),
        *([f"seed {seed}", *(_score(answer, each, seed) for each in answer.candidates)] for seed in answer.seeds),
        ["mean", *(_mean(answer, each) for each in answer.candidates)],
    ]
    if answer.winner is not None:
        rows.append(["outcome", *("winner" if each == answer.winner else "" for each in answer.candidates)])
    if any(reasons):
        rows.append(["failure", *(reason or "" for reason in reasons)])
    return Section("Candidates", [Table("Validation accuracy with each fresh seed", ("", *names), rows)])


def number(value: Any) -> str:
    """Return a parameter's value as a person writes it."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def several(amount: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


def capital(text: str) -> str:
    """Return a text as it begins a sentence."""
    return text[:1].upper() + text[1:]


def _no_verdict(answer: Answer | None) -> Headline:
    if answer is None:
        return Headline("Not confirmed yet", "No configuration was trained again with fresh seeds.", "open")
    if answer.failure(THE_BASELINE) is not None:
        return Headline("No verdict", f"{capital(answer.sentence)}.", "open")
    planned = len(answer.candidates) * len(answer.seeds)
    done = f"{planned - len(answer.unvalidated)} of {planned} networks of the candidates are trained"
    if finals := len(answer.finalists) * len(answer.seeds):
        done += f", and {finals - len(answer.untested)} of {finals} of the finalists"
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
    rows = [("The baseline", "s1", verdict.second), ("The notebook", "same", wilson(NOTEBOOK, TEST_IMAGES))]
    if winner != THE_BASELINE:
        rows.insert(0, (capital(winner.title), "s0", verdict.first))
    texts = [(name, f"{each.mean:.4f}", f"{each.low:.4f} to {each.high:.4f}") for name, _, each in rows]
    table = Table("Test accuracy", ("", "test accuracy", "95 % interval"), texts)
    return Figure(intervals(_labelled(rows, texts), "test accuracy"), table, open=True)


def _difference(shares: Estimate, word: Word, winner: Candidate) -> Figure:
    points = Estimate(*(POINTS * each for each in (shares.mean, shares.low, shares.high)))
    rows = [(f"{capital(winner.title)} minus the baseline", TONES[word], points)]
    texts = [(rows[0][0], f"{points.mean:+.2f}", f"{points.low:+.2f} to {points.high:+.2f}")]
    table = Table("Difference of the test accuracies", ("", "points", "95 % interval"), texts)
    return Figure(intervals(_labelled(rows, texts), "percentage points", zero=True), table, open=True)


def _labelled(
    rows: Sequence[tuple[str, str, Estimate]], texts: Sequence[tuple[str, str, str]]
) -> list[tuple[str, str, Estimate]]:
    """Return rows as they are drawn, with the figures beside the name."""
    pairs = zip(rows, texts, strict=True)
    return [(f"{name}: {mean} ({interval})", style, each) for (_, style, each), (name, mean, interval) in pairs]


def _mcnemar(test: McNemar, seed: int, winner: Candidate) -> str:
    p = f"p = {test.p_value:.4f}" if test.p_value >= SMALLEST_P else f"p < {SMALLEST_P}"
    return (
        f"McNemar's exact test on the two networks of seed {seed}, whose difference is the median one: "
        f"{several(test.only_first, 'image')} were classified right by that of {winner.title} and wrong by the "
        f"baseline's, {test.only_second:,} the other way round; {p}. It speaks of one pair of networks and knows "
        "nothing of other seeds."
    )


def _looks(answer: Answer) -> str:
    if not answer.looks:
        return "The test images were not looked at yet."
    each = "; ".join(map(told, occasions(answer.looks)))
    if answer.looked == 1:
        return f"The test images were looked at once: {each}."
    times = f"{answer.looked} times"
    return f"The test images were looked at {times}: {each}. Each further look makes a lucky result likelier."


def _score(answer: Answer, candidate: Candidate, seed: int) -> str:
    value = answer.validated.get((candidate.name, seed), {}).get(VAL_ACCURACY)
    return NONE if value is None else f"{value:.4f}"


def _mean(answer: Answer, candidate: Candidate) -> str:
    known = all(_score(answer, candidate, seed) != NONE for seed in answer.seeds)
    return f"{answer.val_accuracy(candidate):.4f}" if known else NONE
