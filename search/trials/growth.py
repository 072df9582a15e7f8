"""What becomes of parameters that a network meets first while it is built: they are searched from then on."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import optuna

from search.errors import UsageError
from search.study.ranges import has, note
from search.study.settings import SETTINGS, Settings
from search.study.study import OUTSIDE
from search.study.tables import DEFAULT
from search.trials.live import LiveTrial

log = logging.getLogger(__name__)


class Growth:
    """Lets the space of a study grow by what its trials meet."""

    def __init__(self) -> None:
        """Begin with nothing refused."""
        self._refused = set[str]()

    def grown(self, study: optuna.Study, settings: Settings, live: LiveTrial, appeared: Mapping[str, Any]) -> Settings:
        """Record what appeared, in the study and then as parameters of the trial, which had the defaults.

        In this order: a trial has no parameter that the study does not know, whenever the driver ends. A name whose
        table cannot be searched is left out, and said once.

        Args:
            study: The trial's.
            settings: The study's.
            live: A trial that runs.
            appeared: The tables, by name; those that are known already were met by another trial meanwhile.

        Returns:
            The study's settings from now on.
        """
        if not settings.space.is_open:
            return settings
        space = settings.space
        for name, table in appeared.items():  # parents before their children, as a network meets them
            try:
                space = space.grown({name: table})
            except UsageError as error:
                if name not in self._refused:
                    log.warning("%s: a parameter that %s met is not searched: %s", study.study_name, live.title, error)
                self._refused.add(name)
        if space is not settings.space:
            settings = replace(settings, space=space)
            study.set_user_attr(SETTINGS, settings.to_json())
        self._note(settings, live, appeared)
        return settings

    def _note(self, settings: Settings, live: LiveTrial, appeared: Mapping[str, Any]) -> None:
        """Record the defaults as the trial's parameters, those that it has by the study's conditions."""
        space, trial = settings.space, live.trial
        new = {name: appeared[name][DEFAULT] for name in space.appeared if name in appeared}
        values = space.complete({**new, **trial.params})
        outside = {}
        for name, value in new.items():
            if name not in values or name in trial.params:
                continue
            if has(value, space.distributions[name]):
                note(trial, name, value, space.distributions[name])
            else:
                outside[name] = value
        if outside and OUTSIDE not in trial.user_attrs:
            trial.set_user_attr(OUTSIDE, outside)
            said = ", ".join(f"{name} {value!r}" for name, value in outside.items())
            log.warning(
                "%s: another trial met first what %s has outside the space: %s",
                trial.study.study_name,
                live.title,
                said,
            )
        live.params = space.complete({**outside, **trial.params})
