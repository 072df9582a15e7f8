"""Data that are larger than Ray's object store is by default."""

import os
from pathlib import Path

import numpy as np
import pytest
from ray import tune

from search.runtime.local import ray_runtime
from search.runtime.resources import Resources
from search.runtime.tuning import trainable_of
from search.surroundings.capacity import OBJECT_STORE, Demand
from trainable import keys
from trainable.data.dataset import Dataset
from trainable.precision import FLOAT32
from trainable.problems import BUILT_IN, problem_of


def test_size_of_a_data_set_is_that_of_its_arrays(dataset):
    """The labels count, too."""
    assert dataset.nbytes == 60_000 * (784 + 1)


@pytest.mark.thorough  # 700 MB and a real worker, 20 s
def test_large_data_lie_in_shared_memory_once(tmp_path):
    """The store is made for them: nothing of them goes to the disk, where Ray puts what its store does not hold."""
    random = np.random.default_rng(0)
    examples = np.frombuffer(random.bytes(700_000 * 784), np.uint8).reshape(-1, 784)
    labels = random.integers(0, 10, len(examples), np.uint8)
    split = len(examples) * 5 // 6
    data = Dataset(examples[:split], labels[:split], examples[split:], labels[split:])
    assert data.nbytes > OBJECT_STORE
    with ray_runtime(None, Resources(1, 1, 0), Demand(data.nbytes), verbose=False):
        tuner = tune.Tuner(
            trainable_of(problem_of(BUILT_IN), data, FLOAT32),
            param_space=BUILT_IN.baseline | {"hidden_units": 16, "batch_size": 1024, "epochs": 1},
            run_config=tune.RunConfig(
                storage_path=str(tmp_path),
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        [result] = tuner.fit()
        assert 0.05 < result.metrics[keys.VAL_ACCURACY] < 0.15
        on_disk = sum(file.stat().st_blocks * 512 for file in Path(os.environ["RAY_TMPDIR"]).rglob("*"))
        assert on_disk < 10**8
