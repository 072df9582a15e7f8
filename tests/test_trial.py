"""The trainable works in anyone's Tuner, keeps its worker warm, and names its failures."""

import math
import os

import pytest
import ray
from ray import tune

from trainable import keys
from trainable.problems import BUILT_IN
from trainable.trial import NetworkTrial

QUIET = {"RAY_CHDIR_TO_TRIAL_DIR": "0", "RAY_AIR_NEW_OUTPUT": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
NONE_AHEAD = {"RAY_prestart_worker_first_driver": "0"}  # workers beside the one that is wanted


class SpyTrial(NetworkTrial):
    """Adds the worker's process and TensorFlow's threads to every result."""

    def step(self):
        import tensorflow as tf

        threads = tf.config.threading.get_intra_op_parallelism_threads()
        return super().step() | {"worker": os.getpid(), "threads": threads}


@pytest.fixture(scope="module")
def results(small, tmp_path_factory):
    """Trials, one after another, in a plain Tuner: some end well, some diverge, some train on all images."""
    os.environ.update(QUIET | NONE_AHEAD)
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        config = BUILT_IN.baseline | {
            "hidden_units": tune.grid_search([8, 16, 24]),
            "learning_rate": tune.grid_search([0.002, 1e30]),
            keys.ALL_DATA: tune.sample_from(lambda config: config["hidden_units"] == 24),
            "epochs": 3,
            "seed": 1,
            keys.KEEP_FROM: 0.0,
        }
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(SpyTrial, data=small), {"CPU": 2}),
            param_space=config,
            tune_config=tune.TuneConfig(reuse_actors=True),
            run_config=tune.RunConfig(
                storage_path=str(tmp_path_factory.mktemp("tune")),
                verbose=0,
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        grid = tuner.fit()
        return {(each.config["hidden_units"], each.config["learning_rate"]): each.metrics for each in grid}
    finally:
        ray.shutdown()


def test_results_carry_the_declared_keys(results):
    """A step reports every key of the module, as finite numbers, and ends with the last epoch."""
    result = results[16, 0.002]
    assert (result[keys.EPOCH], result["done"]) == (3, True)
    assert all(math.isfinite(result[key]) for key in (keys.TRAIN_LOSS, keys.TRAIN_ACCURACY, keys.SECONDS))
    assert 0.3 < result[keys.VAL_ACCURACY] <= 1
    assert result[keys.PARAMETERS_COUNT] == 784 * 16 + 16 + 16 * 10 + 10
    assert result[keys.SAMPLES_PER_SECOND] == pytest.approx(2030 / result[keys.SECONDS])
    assert keys.FAILURE not in result


def test_one_warm_worker_serves_all_trials(results):
    """With reuse_actors the same process trains one configuration after another."""
    assert len({result["worker"] for result in results.values()}) == 1


def test_threads_follow_the_assigned_cpus(results):
    """TensorFlow uses as many threads as Ray assigned CPUs."""
    assert {result["threads"] for result in results.values()} == {2}


def test_divergence_ends_the_trial_with_its_reason(results):
    """A loss that is not finite ends the trial and names the epoch; no exception makes Tune try it again."""
    result = results[8, 1e30]
    assert result[keys.FAILURE] == f"diverged at epoch {result[keys.EPOCH]}"
    assert result["done"]
    assert keys.MODEL not in result


def test_model_is_handed_back_where_it_is_asked_for(results):
    """The last result of a trial that reaches KEEP_FROM carries a .keras file."""
    assert results[8, 0.002][keys.MODEL].startswith(b"PK")


def test_network_of_all_images_has_no_validation_accuracy(results):
    """It has learnt from the validation images, so they say nothing about it; its model is handed back in any case."""
    result = results[24, 0.002]
    assert math.isnan(result[keys.VAL_ACCURACY])
    assert result[keys.MODEL].startswith(b"PK")
    assert 0.3 < result[keys.TRAIN_ACCURACY] <= 1
