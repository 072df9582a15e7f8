"""The Ray Tune trainable: one epoch a step, on a worker that stays warm from trial to trial.

It needs no search around it::

    tune.Tuner(
        tune.with_parameters(NetworkTrial, data=problem_of(BUILT_IN).load(None)),
        param_space=BUILT_IN.baseline | {"hidden_units": tune.grid_search([128, 512])},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False)),
    ).fit()

Tune asks class trainables for a checkpoint at the end unless told not to, and does not reuse a worker after that.
"""

import json
import math
import socket
from typing import Any

import ray
from ray import tune

from trainable import keys
from trainable.data.dataset import TrialData
from trainable.environment import environment_here
from trainable.errors import UnfitError
from trainable.limits import of_parameters, reason_of
from trainable.precision import FLOAT32
from trainable.problem import Problem
from trainable.problems import BUILT_IN, problem_of
from trainable.process import prepare_tensorflow
from trainable.training import train


class Renew(Exception):  # noqa: N818 (it is no error: nothing has failed)
    """The worker has grown: another process is to train the configuration."""


class NetworkTrial(tune.Trainable):
    """Trains one configuration; see `trainable.keys` for what it is told and what each step reports."""

    def setup(  # type: ignore[override]  # as Tune documents
        self, config: dict[str, Any], data: TrialData, problem: Problem | None = None, precision: str = FLOAT32
    ) -> None:
        """Prepare the worker: threads, TensorFlow, data, graph; once, however many trials follow."""
        assigned = ray.get_runtime_context().get_assigned_resources()  # type: ignore[no-untyped-call]
        threads, gpu = max(1, int(assigned.get("CPU", 1))), bool(assigned.get("GPU"))
        prepare_tensorflow(threads, gpu=gpu)
        self._problem = problem or problem_of(BUILT_IN)
        self._trainer = self._problem.trainer(data, precision)
        self._has_trained = False
        self._environment = json.dumps(environment_here(threads, gpu=gpu, sources=self._problem.sources))
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin the next trial on the same worker.

        Raises:
            Renew: It has grown too much. To return False would end the trial for good.
        """
        if self._has_trained and self._trainer.has_grown:
            raise Renew
        self._has_trained = True
        params = self._problem.spec.check(new_config)
        if self._problem.spec.code:  # parameters that other networks met since this worker began
            params |= {name: each for name, each in new_config.items() if name not in (*params, *keys.BESIDE)}
        self._keep_from = new_config.get(keys.KEEP_FROM, math.inf)
        self._all_data = new_config.get(keys.ALL_DATA, False)
        self._unfit, self._size = "", 0
        try:
            self._epochs = train(self._trainer, params, new_config.get(keys.SEED, 0), all_data=self._all_data)
        except UnfitError as error:  # the worker is as good as before
            self._unfit = str(error)
            return True
        self._size = self._trainer.size
        self._unfit = reason_of(of_parameters(self._size), new_config.get(keys.AT_MOST, {}))
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch, and validate the network unless it learns from the validation examples."""
        if self._unfit:
            return self._not_trained()
        epoch = next(self._epochs)
        result = {
            keys.EPOCH: epoch.number,
            keys.TRAIN_LOSS: epoch.loss,
            keys.TRAIN_ACCURACY: epoch.train_accuracy,
            keys.VAL_ACCURACY: epoch.val_accuracy,
            keys.SECONDS: epoch.seconds,
            keys.SAMPLES_PER_SECOND: self._trainer.samples / epoch.seconds,
            keys.HOST: socket.gethostname(),
            keys.PARAMETERS_COUNT: self._size,
            keys.ENVIRONMENT: self._environment,
            tune.result.DONE: epoch.is_last,
        }
        if appeared := getattr(self._trainer, "appeared", None):  # of models that say their parameters while they build
            result[keys.APPEARED] = json.dumps(appeared)
        if epoch.failure:
            return result | {keys.FAILURE: epoch.failure}
        if epoch.is_last and (self._all_data or epoch.val_accuracy >= self._keep_from):
            result[keys.MODEL] = self._trainer.model_bytes()
        return result

    def _not_trained(self) -> dict[str, Any]:
        """Return what is reported of a configuration of which the person's file makes no model, or too large a one."""
        unknown = (keys.TRAIN_LOSS, keys.TRAIN_ACCURACY, keys.VAL_ACCURACY)
        return {
            keys.EPOCH: 0,
            **dict.fromkeys(unknown, math.nan),
            **dict.fromkeys((keys.SECONDS, keys.SAMPLES_PER_SECOND), 0.0),
            keys.HOST: socket.gethostname(),
            keys.PARAMETERS_COUNT: self._size,
            keys.ENVIRONMENT: self._environment,
            keys.FAILURE: self._unfit,
            tune.result.DONE: True,
        }
