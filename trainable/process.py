"""The process that trains or loads a model: TensorFlow's settings, which have to be made before its first operation."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from trainable.errors import ConfigError

NO_GPU = "TensorFlow sees no GPU here: it needs one of NVIDIA with its driver, and the package tensorflow[and-cuda]"
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"  # environment variable of TensorFlow: "1" is on
BACKEND, FLOAT = "tensorflow", "float32"  # of Keras

# What is set for another program that uses TensorFlow or Keras. A training depends on nothing but what is recorded with
# it, and XLA ends the process at a flag that it does not know.
FOREIGN = ("KERAS_", "TF_", "TF2_", "XLA_", "AUTOGRAPH_", "ONEDNN_", "DNNL_", "NVIDIA_TF32_")
# It is recorded; it says how much is printed; it says where a GPU's memory comes from.
KEPT = (ONEDNN, "TF_CPP_MIN_LOG_LEVEL", "TF_GPU_ALLOCATOR")
OWN = {
    "KERAS_BACKEND": BACKEND,
    "KERAS_HOME": os.devnull,  # so that Keras neither reads nor makes a `keras.json`, the person's own settings
    "MPLBACKEND": "agg",  # a person's file may import Matplotlib, and that the one of a notebook or an editor
}
# Keras imports them where they are installed, for charts, wrappers and data frames: up to half the time that it takes.
SPARED = ("matplotlib", "sklearn", "pandas")


def prepare_tensorflow(threads: int | None, *, gpu: bool) -> None:
    """Import TensorFlow and bind it to the processors that a worker was given.

    Args:
        threads: For the parts of one operation; operations run one after another. None leaves both to TensorFlow.
        gpu: Whether GPUs may be used. Only who trains on them says so: a search may need their memory.

    Raises:
        ConfigError: GPUs may be used, and TensorFlow sees none.
        RuntimeError: TensorFlow has computed something in this process already, with other settings, or Keras was
            imported with another backend.
    """
    _settle_variables()
    with _absent(SPARED):
        import tensorflow as tf  # noqa: PLC0415 (seconds of import that not every process should pay)

    _settle_keras(sys.modules.get("keras"))
    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    if not gpu:
        tf.config.set_visible_devices([], "GPU")  # TensorFlow would claim the memory of every GPU it sees
    elif not tf.config.get_visible_devices("GPU"):  # nobody who asked for one wants hours on a processor instead
        raise ConfigError(NO_GPU)
    for device in tf.config.get_visible_devices("GPU"):  # those that Ray gave to this worker, perhaps a part of one
        tf.config.experimental.set_memory_growth(device, enable=True)


@contextmanager
def _absent(names: Iterable[str]) -> Iterator[None]:
    """Let the packages be missing for what is imported meanwhile, unless they are loaded already."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is how Python says so
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _settle_variables() -> None:
    """Leave out what is another program's; Keras reads the rest when it is imported."""
    for name in [name for name in os.environ if name.startswith(FOREIGN) and name not in KEPT]:
        del os.environ[name]
    os.environ.update(OWN)
    # On by default only on some processors; on the others its matrix products are up to 1.4 times as fast, too.
    os.environ[ONEDNN] = "0" if os.environ.get(ONEDNN, "1").lower() in ("0", "false") else "1"


def _settle_keras(keras: Any) -> None:
    """Set what another part of this process may have set in Keras before; without Keras there is nothing to set."""
    if keras is None:
        return
    if keras.config.backend() != BACKEND:
        raise RuntimeError(f"Keras was imported with the backend {keras.config.backend()}; it has to be {BACKEND}")
    keras.config.set_floatx(FLOAT)
    keras.config.set_dtype_policy(FLOAT)
    keras.config.set_image_data_format("channels_last")
