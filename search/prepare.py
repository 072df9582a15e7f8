"""From options to an open study: everything is checked before anything is made or started."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import optuna

from search.errors import UsageError
from search.options import Options, read_configurations
from search.space import load_space
from search.storage import exists, open_storage
from search.study import Settings, Wishes, enqueue, find_settings, open_study, recover
from trainable.config import BASELINE
from trainable.data import SHA256

DATA = {name: SHA256[name] for name in ("x_train", "y_train")}  # the arrays that trials see


def prepare(options: Options) -> tuple[optuna.Study, Settings]:
    """Open the study that the options name, ready to be asked.

    Raises:
        UsageError: Options, files and study do not go together; nothing was made.
        SearchError: The storage does not answer.
    """
    settings, configurations = _plan(options)
    study = open_study(options.study, open_storage(options.storage, create=True), settings)
    enqueue(study, settings, configurations)
    recover(study)
    return study, settings


def _plan(options: Options) -> tuple[Settings, list[dict[str, Any]]]:
    """Settle and check what the study is and what it tries first."""
    wishes = Wishes(
        space=load_space(options.space) if options.space else None,
        seed=options.seed,
        sampler=options.sampler,
        pruner=options.pruner,
        baseline=options.baseline,
    )
    given = read_configurations(options.enqueue) if options.enqueue else []
    recorded = None
    if exists(options.storage):
        recorded = find_settings(options.study, open_storage(options.storage, create=False))
    settings = wishes.continued(recorded, DATA, options.study) if recorded else wishes.settings(DATA)
    if settings.baseline:
        settings.space.check(BASELINE.params, "the baseline is not in the space (--no-baseline leaves it out)")
    configurations = [settings.space.check(params, where) for where, params in given]
    _check_grid(options, settings, configurations)
    return settings, configurations


def _check_grid(options: Options, settings: Settings, configurations: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to ask a grid for more trials than it has."""
    if settings.sampler != "grid":
        return
    points = prod(len(values) for values in settings.space.grid().values())
    most = points + settings.baseline + len(configurations)
    if options.trials > most:
        raise UsageError(
            f"--trials {options.trials}: the grid of this space has {points} points, so {most} trials at most"
        )
