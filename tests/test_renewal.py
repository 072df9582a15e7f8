"""A worker that has grown makes room for another one, and the study does not notice."""

import os
from types import SimpleNamespace

import pytest
from attempts import trials_over
from ray import tune

from search.runtime.crew import Crew
from search.runtime.local import ray_runtime
from search.runtime.renewals import Renewals
from search.runtime.resources import Resources
from search.runtime.tuning import StudySearcher, run_trials
from trainable import keys
from trainable.trial import Renew

TRIALS, EACH = 5, 2  # trials, and how many of them a worker trains before it has grown


def growing():
    """A trainable that workers need not import."""

    class Growing(tune.Trainable):
        """Trains nothing; says where it did not, and with which seed."""

        def setup(self, config):
            self._trained = 0
            self.reset_config(config)

        def reset_config(self, new_config):
            if self._trained == EACH:
                raise Renew
            self._trained += 1
            self._seed = new_config[keys.SEED]
            return True

        def step(self):
            return {
                keys.EPOCH: 1,
                keys.VAL_ACCURACY: 0.5,
                keys.TRAIN_ACCURACY: 0.5,
                keys.SECONDS: 0.0,
                keys.SAMPLES_PER_SECOND: 0.0,
                keys.HOST: f"{os.getpid()}",
                keys.PARAMETERS_COUNT: self._seed,
                keys.MODEL: b"a model",
                "done": True,
            }

    return Growing


@pytest.mark.thorough
def test_renewed_worker_trains_the_same_trial(tmp_path, tmp_path_factory):
    """Each trial is begun and told once, as the first attempt, with its seed, until the last one."""
    study, trials, _ = trials_over(tmp_path, f"sqlite:///{tmp_path / 'studies.db'}", goal=TRIALS)
    with ray_runtime(None, Resources(1, 1, 0), verbose=False) as resources:
        run_trials(growing(), trials, resources, check=lambda: None)
    assert trials.exhausted
    assert not trials.in_flight
    recorded = [each.user_attrs for each in study.trials]
    assert len(recorded) == TRIALS
    assert all(each["attempts"] == 1 and each["parameters_count"] == each["seed"] for each in recorded)
    assert [event for event in trials.observer.events if event[0] != "reported"] == [
        event for number in range(TRIALS) for event in (("started", number), ("finished", number, "COMPLETE", None))
    ]
    hosts = [each["host"] for each in recorded]
    assert max(map(hosts.count, hosts)) == EACH
    assert len(set(hosts)) == -(-TRIALS // EACH)


def test_renewed_trial_waits_for_room():
    """Where there may be fewer workers than before, because of memory for instance, no other one takes its place."""
    renamed, config = [], {"units": 1}
    work = SimpleNamespace(exhausted=True, rename=lambda *keys: renamed.append(keys))
    renewals, crew = Renewals(work), Crew(lambda _: 1)
    renewals.asked("a", config)
    renewals.give_back("a")
    crew.begin("other")
    searcher = StudySearcher(work, crew, lambda: None, renewals)
    assert searcher.suggest("b") is None
    crew.end("other")
    assert searcher.suggest("b") == config
    assert renamed == [("a", "b")]
