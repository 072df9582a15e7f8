"""What has to hold of a study, whatever happened to the processes that made it."""

from driver import accuracy, model
from optuna.trial import TrialState

from search.study.study import count, is_interrupted, queued_params, ranked
from search.trials.models import ModelStore
from trainable.problems import BUILT_IN

MAX_RETRIES = 2  # by default
ENDS = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


def violations(study, goal, enqueued, runs, finished_before):
    """Say what is wrong with a finished study, a line each.

    Args:
        study: As Optuna loads it.
        goal: The `--trials` of every command.
        enqueued: The configurations of `--enqueue`.
        runs: The `--runs` of every command.
        finished_before: Trials by number, as they were seen finished between commands.
    """
    trials = study.trials
    found = []
    if count(trials).finished != goal:
        found.append(f"{count(trials).finished} trials are finished, not {goal}")
    if [trial.number for trial in trials] != list(range(len(trials))):
        found.append("numbers are not 0, 1, 2, ...")
    for number, trial in finished_before.items():
        if trials[number] != trial:
            found.append(f"trial {number} changed after it had finished: {trial} became {trials[number]}")
    tried = [trial.params for trial in trials if not is_interrupted(trial)]
    found += [f"{params} was enqueued and is not there once" for params in enqueued if tried.count(params) != 1]
    for trial in trials:
        found += [f"trial {trial.number}: {line}" for line in _of_trial(trial, trials)]
    best = ranked(trials)[0]
    kept = ModelStore(runs, study.study_name).path(best.number)
    if kept is None or kept.read_bytes() != model(best.user_attrs["seed"]):
        found.append(f"the model of the best trial, {best.number}, is not kept whole")
    return found


def _of_trial(trial, trials):
    attributes = trial.user_attrs
    if trial.state not in ENDS:
        yield f"is {trial.state.name}"
    for epoch, value in trial.intermediate_values.items():
        if value != accuracy(attributes["seed"], epoch):
            yield f"epoch {epoch} has {value}, which no worker sent"
    successors = [other for other in trials if other.user_attrs.get("retry_of") == trial.number]
    if is_interrupted(trial):
        yield from _of_interrupted(trial, successors)
        return
    if successors:
        yield "has an end and a successor"
    if trial.state == TrialState.FAIL:
        if attributes["failure"] != "crashed" or attributes["attempts"] <= MAX_RETRIES:
            yield f"failed with {attributes['failure']!r} at attempt {attributes['attempts']}"
        return
    epochs = sorted(trial.intermediate_values)
    if epochs != list(range(1, attributes["epochs_run"] + 1)):
        yield f"ran {attributes['epochs_run']} epochs and has the values of {epochs}"
    last = (trial.params["epochs"], trial.intermediate_values[epochs[-1]])
    if trial.state == TrialState.COMPLETE and last != (epochs[-1], trial.value):
        yield f"is complete with {trial.value} after epoch {epochs[-1]} of {trial.params['epochs']}"


def _of_interrupted(trial, successors):
    params = queued_params(trial)
    expected = 1 if len(params) == len(BUILT_IN.baseline) else 0  # a trial killed while it was drawn had nothing yet
    if len(successors) != expected:
        yield f"was interrupted with {params} and has {len(successors)} successors"
    for successor in successors:
        if queued_params(successor) != params:
            yield f"was interrupted, and its successor {successor.number} has other parameters"
        if "seed" in trial.user_attrs and successor.user_attrs["seed"] != trial.user_attrs["seed"]:
            yield f"was interrupted, and its successor {successor.number} has another seed"
