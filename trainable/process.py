"""The process that trains or loads a model: TensorFlow's settings, which have to be made before its first operation."""

import os

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"  # environment variable of TensorFlow: "1" is on


def prepare_tensorflow(threads: int | None, *, gpu: bool) -> None:
    """Import TensorFlow and bind it to the processors that a worker was given.

    Args:
        threads: For the parts of one operation; operations run one after another. None leaves both to TensorFlow.
        gpu: Whether GPUs may be used. Only who trains on them says so: a search may need their memory.

    Raises:
        RuntimeError: TensorFlow has computed something in this process already, with other settings.
    """
    # On by default only on some processors; on the others its matrix products are up to 1.4 times as fast, too.
    os.environ.setdefault(ONEDNN, "1")
    import tensorflow as tf  # noqa: PLC0415 (seconds of import that not every process should pay)

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    if not gpu:
        tf.config.set_visible_devices([], "GPU")  # TensorFlow would claim the memory of every GPU it sees
    for device in tf.config.get_visible_devices("GPU"):  # those that Ray gave to this worker, perhaps a part of one
        tf.config.experimental.set_memory_growth(device, enable=True)
