"""What an answer says, in words and as JSON; why there is no verdict, where there is none."""

from dataclasses import asdict
from typing import Any

from search.confirmation.alpha import alpha
from search.confirmation.candidates import THE_BASELINE, Candidate
from search.confirmation.earlier import EarlierAnswer
from search.confirmation.evidence import DIGITS, TEST_IMAGES, Answer
from search.confirmation.looks import often
from search.confirmation.price import FAR
from search.confirmation.verdict import NOTEBOOK, Verdict, wilson
from search.terminal.words import POINTS

NOTHING_LEFT = "no verdict: none of the configurations to be confirmed gave a result with every fresh seed"
NOT_YET = "not confirmed yet"
UNSTEADY = (
    f"more than {FAR:.0f} standard deviations below the others: with some seeds this configuration may not train well, "
    "and no interval from a few networks covers that."
)
SOURCE = (
    "The intervals: Welch, Biometrika 34, 1947, for the seeds of two sides whose numbers differ, and the variance of "
    "the images net of chance, each image being scored by both sides; one image more each way, after Agresti and Min, "
    "Statistics in Medicine 24, 2005. The notebook's is Wilson's, of a single network, and knows nothing of other "
    "seeds."
)
EARLIER_SOURCE = (
    "The intervals count seeds and images both as samples: it is the analysis of variance for several readers who "
    "judge the same cases (Obuchowski and Rockette, Communications in Statistics - Simulation and Computation 24, "
    "1995, with their degrees of freedom; the mean squares as Hillis, Berbaum and Metz give them, Academic Radiology "
    "15, 2008). The notebook's is Wilson's, of a single network, and knows nothing of other seeds."
)


def sentence_of(answer: Answer) -> str:
    """Return the verdict in a line for people, with its price; or why there is none."""
    found = finding_of(answer)
    return f"{found}. {answer.price.told}" if answer.price else found


def finding_of(answer: Answer) -> str:
    """Return the same without the price."""
    if (reason := answer.failure(THE_BASELINE)) is not None:
        return f"no verdict: the baseline {reason}"
    if answer.winner is None or answer.verdict is None:
        return NOTHING_LEFT if answer.is_complete else NOT_YET
    if answer.winner == THE_BASELINE:
        return f"{answer.verdict.word}: no configuration did better than the baseline on the validation images"
    ours, theirs = answer.networks_compared
    return (
        f"trial {answer.winner.trial} against the baseline: {answer.verdict.word}. {_figures(answer.verdict)}; "
        f"{ours} networks against {theirs}, {circumstances_of(answer)}"
    )


def circumstances_of(answer: Answer) -> str:
    """Return which verdict it is, how sure its intervals are, and how often the test images were looked at."""
    if answer.looked_in_storage is None:
        times, where = answer.looked, "for this study"
    else:
        times, where = answer.looked_in_storage, "in this storage"
    return (
        f"verdict {answer.number} of this study, {level_of(answer)} intervals; the test images were looked at "
        f"{often(times)} {where}"
    )


def level_of(answer: Answer) -> str:
    """Return how sure the intervals of an answer's verdict are, such as "98 %"."""
    return percent(answer.verdict.confidence if answer.verdict else answer.confidence)


def method_of(answer: Answer) -> list[str]:
    """Return how the verdict was come by, in sentences."""
    if isinstance(answer, EarlierAnswer):
        return _earlier_method(answer)
    others, sizes = len(answer.candidates) - 1, answer.analysis.sizes if answer.analysis else answer.sizes
    chosen = (
        f"The {others} best configurations of the search were trained again with {len(answer.seeds)} fresh seeds each, "
        "and the best mean on the validation images, the search's own network counted, went on; nothing of this enters "
        "the verdict."
    )
    if others == 1:
        chosen = "The best configuration of the search went on as it was."
    again, both = "", "it"
    if len(sizes) > 1:
        both = "both looks together"
        again = (
            f"; where the {level_of(answer)} interval of the difference still held 0, {sizes[-1] - sizes[0]} more of "
            "the winner were trained, and the interval was taken once more"
        )
    return [
        chosen,
        (
            f"The winner was trained on all 60,000 training images with {sizes[0]} further seeds, and the baseline "
            f"with {answer.baselines}; these networks alone were scored on the {TEST_IMAGES:,} test images{again}."
        ),
        (
            f"Seeds of either side and images count as samples; this is verdict {answer.number} of its study, and "
            f"{both} may say better or worse by mistake in {percent(alpha(answer.number))} of studies, all verdicts of "
            "a study in 5 % at most. All of it is about these training images: no other set of them was drawn."
        ),
    ]


def source_of(answer: Answer) -> str:
    """Return where the intervals come from."""
    return EARLIER_SOURCE if isinstance(answer, EarlierAnswer) else SOURCE


def json_of(answer: Answer) -> dict[str, Any] | None:
    """Return the verdict and what it rests on in a form that JSON can hold; None before there is one."""
    verdict, price, worst = answer.verdict, answer.price, answer.worst
    if answer.winner is None or verdict is None:
        return None
    return {
        "verdict": verdict.word,
        "sentence": sentence_of(answer),
        "number": answer.number,
        "confidence": round(verdict.confidence, DIGITS),
        "winner": _entry(answer, answer.winner) | {"test_accuracy": asdict(verdict.first)},
        "baseline": _entry(answer, THE_BASELINE) | {"test_accuracy": asdict(verdict.second)},
        "difference": verdict.difference and asdict(verdict.difference),
        "pairs_won": verdict.pairs,
        "networks": dict(zip(("winner", "baseline"), answer.networks_compared, strict=True)),
        "price": price and asdict(price),
        "worst": worst and asdict(worst),
        "notebook": asdict(wilson(NOTEBOOK, TEST_IMAGES, verdict.confidence)),
        "candidates": [_entry(answer, each) for each in answer.candidates],
        "seeds": list(answer.seeds),
        "final_seeds": list(answer.final_seeds),
        "looked": answer.looked,
        "looked_in_storage": answer.looked_in_storage,
        "looks": [asdict(look) for look in answer.looks],
        "seconds": round(answer.seconds, 3),
    }


def percent(share: float) -> str:
    """Return a share as a percentage with as many digits as it has, such as 98 % or 99.75 %."""
    return f"{POINTS * share:.6g} %"


def _figures(verdict: Verdict) -> str:
    first, second, difference = verdict.first, verdict.second, verdict.difference
    points = ""
    if difference is not None:
        mean, low, high = (f"{POINTS * each:+.2f}" for each in (difference.mean, difference.low, difference.high))
        points = f", {mean} points ({low} to {high})"
    return (
        f"Test accuracy {first.mean:.4f} ({first.low:.4f} to {first.high:.4f}) against "
        f"{second.mean:.4f} ({second.low:.4f} to {second.high:.4f}){points}"
    )


def _earlier_method(answer: Answer) -> list[str]:
    others, seeds = len(answer.candidates) - 1, len(answer.seeds)
    are = "configuration and the baseline were" if others == 1 else "configurations and the baseline were"
    return [
        (
            f"{others} {are} chosen to be trained again with {seeds} fresh seeds each, and the best mean on the "
            "validation images decided which one won."
        ),
        (
            "The winner and the baseline were also trained on all 60,000 training images, with as many other seeds, "
            f"and these networks alone were scored on the {TEST_IMAGES:,} test images."
        ),
    ]


def _entry(answer: Answer, candidate: Candidate) -> dict[str, Any]:
    reason = answer.failure(candidate)
    return {
        "trial": candidate.trial,
        "params": dict(candidate.params),
        "val_accuracy": None if reason else answer.val_accuracy(candidate),
        "search_val_accuracy": candidate.val_accuracy,
        "val_accuracies": answer.fresh_val_accuracies(candidate),
        "failure": reason,
    }
