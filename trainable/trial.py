"""The Ray Tune trainable: one epoch a step, on a worker that stays warm from trial to trial.

It needs no search around it::

    tune.Tuner(
        tune.with_parameters(MnistTrial, data=load_dataset()),
        param_space=BASELINE.params | {"hidden_units": tune.grid_search([128, 512])},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False)),
    ).fit()

Tune asks class trainables for a checkpoint at the end unless told not to, and does not reuse a worker after that.
"""

import json
import math
import socket
import time
from typing import Any

import ray
from ray import tune

from trainable.config import ALL_IMAGES, KEEP_FROM, Configuration
from trainable.environment import environment_here
from trainable.mnist.source import Dataset
from trainable.precision import FLOAT32
from trainable.process import prepare_tensorflow

# Keys of a result, besides Tune's own.
EPOCH = "epoch"  # 1-based
TRAIN_LOSS = "train_loss"  # mean over the epoch; for other Tuners, the study does not record it
TRAIN_ACCURACY = "train_accuracy"
VAL_ACCURACY = "val_accuracy"
SECONDS = "seconds"  # of this epoch, validation included
SAMPLES_PER_SECOND = "samples_per_second"
PARAMETERS_COUNT = "parameters_count"
HOST = "host"
ENVIRONMENT = "environment"  # JSON of what the numbers depend on, see `trainable.environment`; Tune flattens mappings
FAILURE = "failure"  # the reason, where the trial failed by its own fault
MODEL = "model"  # bytes of a .keras file, with the last epoch, where `KEEP_FROM` or `ALL_IMAGES` asks for it


class MnistTrial(tune.Trainable):
    """Trains one configuration; see the constants of this module for what each step reports."""

    def setup(  # type: ignore[override]  # as Tune documents
        self, config: dict[str, Any], data: Dataset, precision: str = FLOAT32
    ) -> None:
        """Prepare the worker: threads, TensorFlow, data, graph; once, however many trials follow."""
        assigned = ray.get_runtime_context().get_assigned_resources()  # type: ignore[no-untyped-call]
        threads, gpu = max(1, int(assigned.get("CPU", 1))), bool(assigned.get("GPU"))
        prepare_tensorflow(threads, gpu=gpu)

        from trainable.mlp.engine import Engine  # noqa: PLC0415 (it needs TensorFlow, which only workers load)

        self._engine = Engine(data, precision)
        self._environment = json.dumps(environment_here(threads, gpu=gpu))
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin the next trial on the same worker."""
        self._begin(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch, and validate the network unless it learns from the validation images."""
        started = time.perf_counter()
        epoch = self._engine.train_epoch()
        val_accuracy = math.nan if self._all_images else self._engine.validate()
        seconds = time.perf_counter() - started
        self._epoch += 1
        result = {
            EPOCH: self._epoch,
            TRAIN_LOSS: epoch.loss,
            TRAIN_ACCURACY: epoch.accuracy,
            VAL_ACCURACY: val_accuracy,
            SECONDS: seconds,
            SAMPLES_PER_SECOND: self._engine.samples / seconds,
            HOST: socket.gethostname(),
            PARAMETERS_COUNT: self._parameters_count,
            ENVIRONMENT: self._environment,
            tune.result.DONE: self._epoch >= self._configuration.epochs,
        }
        if not math.isfinite(epoch.loss):
            return result | {FAILURE: f"diverged at epoch {self._epoch}", tune.result.DONE: True}
        if result[tune.result.DONE] and (self._all_images or val_accuracy >= self._keep_from):
            result[MODEL] = self._model_bytes()
        return result

    def _begin(self, config: dict[str, Any]) -> None:
        self._configuration = Configuration.of(config)
        self._keep_from = config.get(KEEP_FROM, math.inf)
        self._all_images = config.get(ALL_IMAGES, False)
        self._epoch = 0
        self._engine.start(self._configuration, all_images=self._all_images)
        self._parameters_count = sum(array.size for array in self._engine.weights)

    def _model_bytes(self) -> bytes:
        from trainable.mlp.network import keras_bytes  # noqa: PLC0415

        return keras_bytes(self._engine.weights)
