"""What evidence says, in words and as JSON; why there is no verdict, where there is none."""

from dataclasses import asdict
from typing import Any

from search.confirmation.alpha import alpha
from search.confirmation.candidates import Candidate
from search.confirmation.earlier import EarlierEvidence
from search.confirmation.evidence import DIGITS, Evidence
from search.confirmation.looks import often
from search.confirmation.power import is_told, size_of
from search.confirmation.price import FAR
from search.confirmation.verdict import CONFIDENCE, FEWEST_DIFFERING, Estimate, Verdict, Word, wilson
from search.terminal.words import POINTS, capital
from trainable.problem import ProblemSpec

NOTHING_LEFT = "no verdict: none of the configurations to be confirmed gave a result with every fresh seed"
NOT_YET = "not confirmed yet"
OUT_OF_DATE = "the best trials are others since this verdict: the search with a confirmation brings it up to date"
CHOICE_OUT_OF_DATE = "the best trials are others since this choice: the search with a confirmation brings it up to date"
UNSTEADY = (
    f"more than {FAR:.0f} standard deviations below the others: with some seeds this configuration may not train well, "
    "and no interval from a few networks covers that."
)
BEHIND = (
    "its mean on the test {examples} is below the baseline's, which shows no difference and proves none: its model is "
    "the one handed over, since test {examples} choose nothing, but without another reason for it keep what you have."
)
SOURCE = (
    "The intervals: Welch, Biometrika 34, 1947, for the seeds of two sides whose numbers differ, and the variance of "
    "the {example}s net of chance, each {example} being scored by both sides; one {example} more each way, after "
    "Agresti and Min, Statistics in Medicine 24, 2005."
)
EARLIER_SOURCE = (
    "The intervals count seeds and {example}s both as samples: it is the analysis of variance for several readers who "
    "judge the same cases (Obuchowski and Rockette, Communications in Statistics - Simulation and Computation 24, "
    "1995, with their degrees of freedom; the mean squares as Hillis, Berbaum and Metz give them, Academic Radiology "
    "15, 2008)."
)
OF_REFERENCE = " {reference}'s is Wilson's, of a single network, and knows nothing of other seeds."


def sentence_of(evidence: Evidence) -> str:
    """Return the verdict in a line for people, with its price; or why there is none."""
    found = finding_of(evidence)
    return f"{found}. {evidence.price.told}" if evidence.price else found


def finding_of(evidence: Evidence) -> str:
    """Return the same without the price."""
    examples = evidence.problem.examples
    if (reason := evidence.failure(evidence.baseline)) is not None:
        return f"no verdict: the baseline {reason}"
    if evidence.winner is not None and not evidence.is_tested:
        return _untested(evidence, evidence.winner)
    if evidence.winner is None or evidence.verdict is None:
        return NOTHING_LEFT if evidence.is_complete else NOT_YET
    if evidence.winner == evidence.baseline:
        return f"{word_of(evidence)}: no configuration did better than the baseline on the validation {examples}"
    ours, theirs = evidence.networks_compared
    return (
        f"trial {evidence.winner.trial} against the baseline: {word_of(evidence)}. {_figures(evidence.verdict)}; "
        f"{ours} networks against {theirs}, {circumstances_of(evidence)}{_not_shown(evidence, evidence.verdict)}"
    )


def word_of(evidence: Evidence) -> str | None:
    """Return the verdict in a word or a few, or that there is none on the winner; None before either is known."""
    if evidence.winner is not None and not evidence.is_tested:
        return Word.NOT_TESTED
    return evidence.problem.said(evidence.verdict.word) if evidence.verdict else None


def out_of_date(evidence: Evidence) -> str:
    """Return what is said where the best trials are others than those that the evidence is about."""
    return OUT_OF_DATE if evidence.is_tested else CHOICE_OUT_OF_DATE


def circumstances_of(evidence: Evidence) -> str:
    """Return which verdict it is, how sure its intervals are, and how often the test examples were looked at."""
    if evidence.looked_in_storage is None:
        times, where = evidence.looked, "for this study"
    else:
        times, where = evidence.looked_in_storage, "in this storage"
    return (
        f"verdict {evidence.number} of this study, {level_of(evidence)} intervals; the test "
        f"{evidence.problem.examples} were looked at {often(times)} {where}"
    )


def level_of(evidence: Evidence) -> str:
    """Return how sure the intervals of a verdict are, such as "98 %"."""
    return percent(evidence.verdict.confidence if evidence.verdict else evidence.confidence)


def method_of(evidence: Evidence) -> list[str]:
    """Return how the verdict was come by, in sentences."""
    if isinstance(evidence, EarlierEvidence):
        return _earlier_method(evidence)
    problem, examples = evidence.problem, evidence.problem.examples
    others, sizes = len(evidence.candidates) - 1, evidence.analysis.sizes if evidence.analysis else evidence.sizes
    chosen = (
        f"The {others} best configurations of the search were trained again with {len(evidence.seeds)} fresh seeds "
        f"each, and the best mean on the validation {examples}, the search's own network counted, "
        f"went on{'; nothing of this enters the verdict' if evidence.is_tested else ''}."
    )
    if others == 1:
        chosen = "The best configuration of the search went on as it was."
    if not evidence.is_tested:
        return [chosen, f"Nothing was scored on test {examples}, so there is no verdict: {_why_untested(problem)}."]
    again, both = "", "it"
    if len(sizes) > 1:
        both = "both looks together"
        again = (
            f"; where the {level_of(evidence)} interval of the difference still held 0, {sizes[-1] - sizes[0]} more of "
            "the winner were trained, and the interval was taken once more"
        )
    return [
        chosen,
        (
            f"The winner was trained on all {problem.training_size:,} training {examples} with {sizes[0]} further "
            f"seeds, and the baseline with {evidence.baselines}; these networks alone were scored on the "
            f"{problem.sizes['test']:,} test {examples}{again}."
        ),
        (
            f"Seeds of either side and {examples} count as samples; this is verdict {evidence.number} of its study, "
            f"and {both} may say better or worse by mistake in {percent(alpha(evidence.number))} of studies, all "
            f"verdicts of a study in 5 % at most. All of it is about these training {examples}: no other set of them "
            "was drawn."
        ),
    ]


def source_of(evidence: Evidence) -> str:
    """Return where the intervals come from."""
    problem, source = evidence.problem, EARLIER_SOURCE if isinstance(evidence, EarlierEvidence) else SOURCE
    of_reference = OF_REFERENCE.format(reference=capital(problem.reference.name)) if problem.reference else ""
    return problem.said(source) + of_reference


def reference_of(problem: ProblemSpec, confidence: float = CONFIDENCE) -> Estimate | None:
    """Return the published figure for the baseline with its interval, where there is one."""
    figure = problem.reference
    size = problem.sizes["test"]
    return None if figure is None or not size else wilson(figure.value, size, confidence)


def json_of(evidence: Evidence) -> dict[str, Any] | None:
    """Return the verdict and what it rests on in a form that JSON can hold; None before there is one."""
    verdict, price, worst = evidence.verdict, evidence.price, evidence.worst
    if evidence.winner is None or (verdict is None and evidence.is_tested):
        return None
    if verdict is None:
        return _untested_json(evidence, evidence.winner)
    reference = reference_of(evidence.problem, verdict.confidence)
    return {
        "verdict": word_of(evidence),
        "sentence": sentence_of(evidence),
        "number": evidence.number,
        "confidence": round(verdict.confidence, DIGITS),
        "winner": _entry(evidence, evidence.winner) | {"test_accuracy": asdict(verdict.first)},
        "baseline": _entry(evidence, evidence.baseline) | {"test_accuracy": asdict(verdict.second)},
        "difference": verdict.difference and asdict(verdict.difference),
        "pairs_won": verdict.pairs,
        "networks": dict(zip(("winner", "baseline"), evidence.networks_compared, strict=True)),
        "price": price and asdict(price),
        "worst": worst and asdict(worst),
        "notebook": reference and asdict(reference),
        **_record(evidence),
    }


def _untested_json(evidence: Evidence, winner: Candidate) -> dict[str, Any]:
    """Return the same of a winner that is not tested: what a test would have brought is null."""
    unknown = ("number", "confidence", "difference", "pairs_won", "networks", "price", "worst", "notebook")
    return {
        "verdict": word_of(evidence),
        "sentence": sentence_of(evidence),
        **dict.fromkeys(unknown),
        "winner": _entry(evidence, winner) | {"test_accuracy": None},
        "baseline": _entry(evidence, evidence.baseline) | {"test_accuracy": None},
        **_record(evidence),
    }


def _record(evidence: Evidence) -> dict[str, Any]:
    """Return what a confirmation has trained and looked at."""
    return {
        "candidates": [_entry(evidence, each) for each in evidence.candidates],
        "seeds": list(evidence.seeds),
        "final_seeds": list(evidence.final_seeds) if evidence.is_tested else [],
        "looked": evidence.looked,
        "looked_in_storage": evidence.looked_in_storage,
        "looks": [asdict(look) for look in evidence.looks],
        "seconds": round(evidence.seconds, 3),
    }


def percent(share: float) -> str:
    """Return a share as a percentage with as many digits as it has, such as 98 % or 99.75 %."""
    return f"{POINTS * share:.6g} %"


def _untested(evidence: Evidence, winner: Candidate) -> str:
    """Return which configuration won, by what, and that this is no verdict."""
    others, networks = len(evidence.candidates) - 1, len(evidence.val_accuracies(winner))
    examples, value = evidence.problem.examples, evidence.val_accuracy(winner)
    known = "" if value is None else f", {value:.4f}"
    how = f"the best mean of {others} configurations on the validation {examples}{known} over {networks} networks"
    if others == 1:
        how = f"the best result of the search on the validation {examples}{known}"
    why = _why_untested(evidence.problem)
    return f"trial {winner.trial} against the baseline: {Word.NOT_TESTED}. It has {how}, which is no verdict; {why}"


def _why_untested(problem: ProblemSpec) -> str:
    if not problem.sizes["test"]:
        return f"the study has no test {problem.examples}"
    return "the same search without --no-test comes to one"


def _not_shown(evidence: Evidence, verdict: Verdict) -> str:
    """Return which difference could not have been shown, in words, where none was."""
    if verdict.difference is None or verdict.word.is_clear or not is_told(evidence.problem):
        return ""
    examples = evidence.problem.examples
    if verdict.word == Word.TOO_FEW:
        return f"; fewer than {FEWEST_DIFFERING} of {evidence.problem.sizes['test']:,} test {examples} tell them apart"
    return f"; a difference below about {size_of(verdict.difference.reach)} could not have been shown"


def _figures(verdict: Verdict) -> str:
    first, second, difference = verdict.first, verdict.second, verdict.difference
    points = "" if difference is None else f", {difference.told('+.2f', POINTS, ' points')}"
    return f"Test accuracy {first.told()} against {second.told()}{points}"


def _earlier_method(evidence: Evidence) -> list[str]:
    problem, examples = evidence.problem, evidence.problem.examples
    others, seeds = len(evidence.candidates) - 1, len(evidence.seeds)
    are = "configuration and the baseline were" if others == 1 else "configurations and the baseline were"
    return [
        (
            f"{others} {are} chosen to be trained again with {seeds} fresh seeds each, and the best mean on the "
            f"validation {examples} decided which one won."
        ),
        (
            f"The winner and the baseline were also trained on all {problem.training_size:,} training {examples}, with "
            "as many other seeds, "
            f"and these networks alone were scored on the {problem.sizes['test']:,} test {examples}."
        ),
    ]


def _entry(evidence: Evidence, candidate: Candidate) -> dict[str, Any]:
    reason = evidence.failure(candidate)
    return {
        "trial": candidate.trial,
        "params": dict(candidate.params),
        "val_accuracy": None if reason else evidence.val_accuracy(candidate),
        "search_val_accuracy": candidate.val_accuracy,
        "val_accuracies": evidence.fresh_val_accuracies(candidate),
        "failure": reason,
    }
