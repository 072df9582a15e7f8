"""What a report says of the confirmation: the verdict, how it was measured, and how each candidate did."""

from collections.abc import Sequence

from search.confirmation.candidates import CONFIRMED, Candidate
from search.confirmation.evidence import Evidence
from search.confirmation.explanation import COLUMNS
from search.confirmation.looks import occasions, often, told
from search.confirmation.untested import chosen
from search.confirmation.verdict import Estimate, Verdict, Word
from search.confirmation.view import StudyView
from search.confirmation.wording import (
    BEHIND,
    UNSTEADY,
    method_of,
    out_of_date,
    percent,
    reference_of,
    sentence_of,
    source_of,
)
from search.report.figures import intervals
from search.report.page import Block, Figure, Headline, Section, Table, Text
from search.study.study import params_of
from search.terminal.words import POINTS, capital, describe, gain, several, value_of

NONE = "-"  # in a table, where there is nothing

TONES = {Word.BETTER: "better", Word.NO_DIFFERENCE: "same", Word.TOO_FEW: "same", Word.WORSE: "worse",
         Word.NOT_TESTED: "open"}  # fmt: skip
WORDS = {
    Word.BETTER: "Better than the baseline",
    Word.NO_DIFFERENCE: "No difference shown",
    Word.TOO_FEW: "Too few {examples} differ to say",
    Word.WORSE: "Worse than the baseline",
    Word.NOT_TESTED: "Not tested",
}
MEANINGS = {
    Word.BETTER: "The whole interval of the difference lies above 0: chance alone, in the seeds and in the "
    "{examples}, does not explain it.",
    Word.NO_DIFFERENCE: "The interval of the difference holds 0: with these seeds and {examples}, such a difference "
    "can be chance. That is a result and no error. It does not say that both are equal, only that the difference is "
    "too small to be seen this way.",
    Word.TOO_FEW: "Both configurations err on nearly the same of the test {examples}: where so few differ, "
    "an interval means nothing.",
    Word.WORSE: "The whole interval of the difference lies below 0: what won on the validation {examples} loses on "
    "the test {examples}.",
    Word.NOT_TESTED: "The winner was chosen on the validation {examples}, where the best of many is partly luck. How "
    "it compares with the baseline on {examples} that had no part in choosing it was not measured.",
}
BASELINE_WON = (
    "With fresh seeds the baseline itself had the best mean of all candidates on the validation {examples}. That is a "
    "result and no error: this search found nothing to replace it with."
)
SEARCHED = (
    "The search compared its trials on {size} validation {examples}, on which no trial is trained, with one seed "
    "each. The best of many is partly luck, so the search's own figures are no verdict."
)


def headline_of(view: StudyView) -> Headline:
    """Return what came out in a word or two and in a sentence, or why nothing did yet."""
    evidence = view.evidence
    if evidence is not None and chosen(evidence) is not None:
        return _headline(evidence, Word.NOT_TESTED)
    if evidence is None or evidence.verdict is None:
        return _no_verdict(evidence)
    return _headline(evidence, evidence.verdict.word)


def meaning_of(evidence: Evidence) -> str:
    """Return what a verdict, which there is, says and what it does not say; or that the winner was not tested."""
    if chosen(evidence) is not None:
        return evidence.problem.said(MEANINGS[Word.NOT_TESTED])
    if evidence.verdict is None or evidence.winner == evidence.baseline:
        return evidence.problem.said(BASELINE_WON)
    return evidence.problem.said(MEANINGS[evidence.verdict.word])


def verdict_section(view: StudyView) -> Section:
    """Say what came out, or why nothing did yet."""
    evidence, headline = view.evidence, headline_of(view)
    if evidence is not None and chosen(evidence) is not None:
        stale = [] if view.is_current else [f"{capital(out_of_date(evidence))}."]
        return Section(None, [headline, *map(Text, [meaning_of(evidence), *stale, _search_result(view)])])
    if evidence is None or evidence.winner is None or evidence.verdict is None:
        return Section(None, [headline, Text(_search_result(view))])
    verdict, winner = evidence.verdict, evidence.winner
    blocks: list[Block] = [Text(meaning_of(evidence)), _accuracies(evidence, verdict, winner)]
    if verdict.difference is not None:
        blocks.append(_difference(verdict.difference, verdict, winner))
    blocks += map(Text, remarks(evidence))
    if view.explanation is not None:
        told = view.explanation.told(evidence.problem.examples)
        blocks += [Text(told), Table("What the gain goes with", COLUMNS, view.explanation.rows)]
    if not view.is_current:
        blocks.append(Text(f"{capital(out_of_date(evidence))}."))
    return Section(None, [headline, *blocks, Text(_search_result(view))])


def method_section(view: StudyView) -> Section:
    """Say how the verdict was measured, and what was looked at."""
    problem = view.settings.problem
    texts = [problem.said(SEARCHED, size=f"{problem.sizes['val']:,}")]
    if (evidence := view.evidence) is not None:
        texts += [] if evidence.is_complete else ["Not all of what follows is done yet."]
        sources = [source_of(evidence)] if evidence.is_tested else []
        texts += [" ".join(method_of(evidence)), _looks(evidence), *sources]
    return Section("How it was measured", [Text(each) for each in texts])


def candidates_section(view: StudyView) -> Section:
    """Show what each candidate scored with each seed."""
    evidence = view.evidence
    if evidence is None:
        return Section("Candidates", [Text("No candidate was trained again with fresh seeds yet.")])
    candidates = evidence.candidates
    reasons = list(map(evidence.failure, candidates))
    rows = [
        *([name, *(value_of(each.params, name) for each in candidates)] for name in evidence.problem.names),
        ["the search's own", *(_shown(each.val_accuracy) for each in candidates)],
        *([f"seed {seed}", *(_score(evidence, each, seed) for each in candidates)] for seed in evidence.seeds),
        ["mean", *(_mean(evidence, each) for each in candidates)],
    ]
    if evidence.winner is not None:
        rows.append(["outcome", *("winner" if each == evidence.winner else "" for each in candidates)])
    if any(reasons):
        rows.append(["failure", *(reason or "" for reason in reasons)])
    return Section(
        "Candidates",
        [Table("Validation accuracy with each fresh seed", ("", *(each.title for each in candidates)), rows)],
    )


def remarks(evidence: Evidence) -> list[str]:
    """Return what a verdict's interval does not say: how often the winner is ahead, its worst network, a mean below."""
    texts, verdict, worst, examples = [], evidence.verdict, evidence.worst, evidence.problem.examples
    if verdict is not None and verdict.pairs is not None:
        texts.append(
            f"A network of the winner is more accurate on the test {examples} than one of the baseline in "
            f"{verdict.pairs:.0%} of pairs."
        )
    if verdict is not None and worst is not None:
        text = (
            f"The worst of all {several(worst.networks, 'network')} of the winner's configuration had "
            f"{worst.accuracy:.4f} on the {worst.images} {examples}."
        )
        texts.append(f"{text} That is {UNSTEADY}" if worst.is_far else text)
    if verdict is not None and verdict.is_behind:
        texts.append(f"The winner is no gain so far: {evidence.problem.said(BEHIND)}")
    return texts


def _headline(evidence: Evidence, word: Word) -> Headline:
    return Headline(evidence.problem.said(WORDS[word]), f"{capital(sentence_of(evidence))}.", TONES[word])


def _no_verdict(evidence: Evidence | None) -> Headline:
    if evidence is None:
        return Headline("Not confirmed yet", "No candidate was trained again with fresh seeds.", "open")
    if evidence.is_complete:
        return Headline("No verdict", f"{capital(sentence_of(evidence))}.", "open")
    done = f"{evidence.done} of {several(evidence.total, 'network')} at most are trained"
    return Headline("Not confirmed yet", f"The confirmation is not complete: {done}.", "open")


def _search_result(view: StudyView) -> str:
    """Say what the search itself has, which is no verdict."""
    running = view.counts.running
    more = f" {several(running, 'trial')} {'is' if running == 1 else 'are'} running." if running else ""
    if not view.ranked:
        return f"No trial is complete, so there is no best one.{more}"
    best, baseline = view.ranked[0], view.baseline
    value = float(best.value or 0)
    params, examples = describe(params_of(best, view.settings.space)), view.settings.problem.examples
    text = f"The best trial of the search is {best.number} ({params}), with {value:.4f} on the validation {examples}"
    if best is baseline:
        text += ": it is the baseline"
    elif baseline is not None:
        other = float(baseline.value or 0)
        text += f", where the baseline has {other:.4f}: {gain(value, other)}, one seed each"
    return f"{text}.{more}"


def _accuracies(evidence: Evidence, verdict: Verdict, winner: Candidate) -> Figure:
    level = percent(verdict.confidence)
    rows = [("The baseline", "s1", verdict.second)]
    if (figure := reference_of(evidence.problem, verdict.confidence)) is not None and evidence.problem.reference:
        rows.append((capital(evidence.problem.reference.name), "same", figure))
    if winner != evidence.baseline:
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


def _looks(evidence: Evidence) -> str:
    examples = evidence.problem.examples
    if not evidence.looks:
        return f"The test {examples} were not looked at yet for this study."
    each = "; ".join(map(told, occasions(evidence.looks)))
    text = f"The test {examples} were looked at for this study {often(evidence.looked)}: {each}."
    if evidence.elsewhere:
        text += f" For other studies of this storage: {often(evidence.elsewhere)}, which nothing makes up for."
    return text


def _score(evidence: Evidence, candidate: Candidate, seed: int) -> str:
    return _shown(dict(zip(evidence.seeds, evidence.fresh_val_accuracies(candidate), strict=True))[seed])


def _mean(evidence: Evidence, candidate: Candidate) -> str:
    is_known = all(each.candidate != candidate for each in evidence.missing if each.what == CONFIRMED)
    return _shown(evidence.val_accuracy(candidate) if is_known and not evidence.failure(candidate) else None)


def _shown(accuracy: float | None) -> str:
    return NONE if accuracy is None else f"{accuracy:.4f}"
