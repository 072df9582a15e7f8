"""What would surprise a person in what a command is going to do, in lines that are told before it starts."""

from collections.abc import Iterator

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import TrialState

from search.confirmation.alpha import alpha
from search.confirmation.extent import BASELINES, is_confirmed
from search.confirmation.power import USUAL_ERROR, is_told, size_of, smallest
from search.confirmation.record import evidence_of
from search.run.forecast import extent_of
from search.run.options import Options
from search.run.plan import Plan
from search.study.about import repetitions
from search.study.insight import bounds
from search.study.study import IS_BASELINE, baseline_of, count, lacking
from search.terminal.words import number
from trainable.errors import some
from trainable.problem import ProblemSpec


def about(plan: Plan) -> list[tuple[str, str]]:
    """Return what somebody's own data and model are taken for, and what was fitted to them: what of, and a line."""
    problem = plan.settings.problem
    if problem.code:
        return [("data", _what(problem)), *(("model", line) for line in _model(plan))]
    return [("data", line) for line in _data(problem)] if problem.source else []


def _data(problem: ProblemSpec) -> list[str]:
    """Return what somebody's own data are taken for, and what was fitted to them, in lines without an end."""
    batch_sizes, epochs = problem.space["batch_size"]["choices"], problem.space["epochs"]
    baseline = ", ".join(f"{name} {problem.baseline[name]}" for name in ("batch_size", "epochs"))
    fitted = f"fitted to {problem.sizes['train']:,} training {problem.examples}: batch_size {batch_sizes[0]} to "
    return [
        _what(problem),
        f"{fitted}{batch_sizes[-1]}, epochs {epochs['low']} to {epochs['high']}; baseline: {baseline}",
    ]


def _what(problem: ProblemSpec) -> str:
    """Return what data are, and how many examples each split has."""
    total, inputs = sum(problem.sizes.values()), problem.inputs
    sizes = " + ".join(f"{problem.sizes[name]:,} {name}" for name in ("train", "val", "test") if problem.sizes[name])
    if inputs.several:
        of = f"{len(inputs.several)} inputs ({some(list(inputs.several))})"
    elif problem.code:
        of = inputs.stored("").replace("[, ", "[")
    else:
        of = f"{inputs.features:,} feature{'s'[: inputs.features != 1]}"
    what = f"{problem.name}, {total:,} {problem.examples} of {of}, {len(problem.labels):,} "
    return f"{what}{problem.said('{labels}')}: {sizes}"


def _model(plan: Plan) -> list[str]:
    """Return what a person's file was taken for: its model today, what is searched around it, how it is trained."""
    settings = plan.settings
    problem, searched = settings.problem, settings.space.distributions
    named = ", ".join(f"{name} {number(value)}" for name, value in problem.baseline.items())
    return [
        f"{problem.code['name']}, {problem.words.layers.partition(' as ')[0]}: {problem.words.training}",
        f"today's model, the baseline: {named}",
        f"searched: {'; '.join(f'{name} {_range(each)}' for name, each in searched.items()) or 'nothing'}",
        *([problem.code["unfit"]] if settings.space.is_default and "unfit" in problem.code else []),
    ]


def _range(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return some([number(each) for each in distribution.choices])
    return " to ".join(number(each) for each in bounds(distribution))


def _cut_short(_: Options, plan: Plan) -> Iterator[str]:
    code = plan.settings.problem.code
    if after := code.get("cut_short"):
        yield f"parameters of {code['name']} were looked for only {after}: others are searched once a trial meets them"


def surprises(options: Options, plan: Plan) -> list[str]:
    """Return a line for each, without its end; the study is as it was when the plan was made."""
    told_by = _same_examples, _cut_short, _repeated, _not_tried, _small_space, _random, _power
    return [line for told in told_by for line in told(options, plan)]


def _same_examples(_: Options, plan: Plan) -> Iterator[str]:
    yield from repetitions(plan.settings.problem)


def _repeated(options: Options, plan: Plan) -> Iterator[str]:
    if options.enqueue and not plan.configurations:
        yield f"--enqueue {options.enqueue}: no configuration in it"
    if plan.repeated:
        total = len(plan.configurations) + plan.repeated
        yield f"--enqueue {options.enqueue}: {plan.repeated} of its {total} configurations repeat another: tried once"


def _not_tried(options: Options, plan: Plan) -> Iterator[str]:
    """Say how many given configurations the study's last trial leaves out: the first of them have the first turns."""
    missing = lacking(plan.trials, plan.settings, plan.configurations)
    given = sum(IS_BASELINE not in attributes for _, attributes in missing)
    waiting = sum(trial.state == TrialState.WAITING for trial in plan.trials)
    counts = count(plan.trials)
    needed = counts.finished + counts.running + waiting + len(missing)
    left = min(given, needed - options.trials)
    if left > 0:
        yield (
            f"--enqueue {options.enqueue}: {left} of its configurations will not be tried: the study ends with "
            f"--trials {options.trials}; --trials {needed} tries them all"
        )


def _small_space(options: Options, plan: Plan) -> Iterator[str]:
    size = plan.settings.space.size
    if size is not None and size < options.trials and count(plan.trials).finished < options.trials:
        number = "1 configuration" if size == 1 else f"{size} configurations"
        yield f"the space has {number} for {options.trials} trials: some are tried again, with other seeds"


def _random(options: Options, plan: Plan) -> Iterator[str]:
    distributions = plan.settings.space.distributions
    names = [name for name, each in distributions.items() if isinstance(each, CategoricalDistribution)]
    if plan.settings.sampler == "cmaes" and names and count(plan.trials).finished < options.trials:
        yield f"--sampler cmaes draws {', '.join(names)} at random: it learns from ranges of numbers, not from choices"


def _power(options: Options, plan: Plan) -> Iterator[str]:
    """Say which difference is too small for the verdict that is to come."""
    problem, extent = plan.settings.problem, extent_of(options, plan.settings, plan.attributes)
    has_all = count(plan.trials).finished >= options.trials
    is_done = has_all and is_confirmed(plan.attributes, plan.trials, plan.settings, extent)
    if not options.confirm or is_done or not is_told(problem):
        return
    if not problem.sizes["test"]:
        yield f"the study has no test {problem.examples}: what wins will not be tested, and there is no verdict"
    elif extent.test:
        evidence, seeds = evidence_of(plan.attributes), extent.sizes[-1]
        number = evidence.next_number if evidence else 1
        confidence = 1 - alpha(number) / len(extent.sizes)
        least = smallest(problem.sizes["test"], (seeds, BASELINES), confidence, _error_of_baseline(plan))
        given = f"with {problem.sizes['test']:,} test {problem.examples}"
        if least < 1:
            yield f"{given} and {seeds} seeds a difference below about {size_of(least)} cannot be shown"
        else:
            yield f"{given} nothing can be shown: a verdict needs more of them"


def _error_of_baseline(plan: Plan) -> float:
    """Return the share of examples that the baseline gets wrong: its trial's, or what is usual before there is one."""
    baseline, one = baseline_of(plan.trials), 1 / plan.settings.problem.sizes["val"]
    return USUAL_ERROR if baseline is None else min(max(1 - float(baseline.value or 0), one), 1 - one)
