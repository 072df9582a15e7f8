"""TensorFlow's settings in a worker, made before its first operation."""

import subprocess
import sys

from commands import ROOT

# This machine need not have a GPU: TensorFlow is told of one, and what it is asked for is printed.
SCRIPT = """
import tensorflow as tf
from trainable.process import prepare_tensorflow
tf.config.get_visible_devices = lambda kind: [f"a {kind}"]
tf.config.experimental.set_memory_growth = lambda device, enable: print(device, enable)
tf.config.set_visible_devices = print
prepare_tensorflow(1, gpu=True)
print(tf.config.threading.get_intra_op_parallelism_threads())
tf.config.get_visible_devices = lambda kind: []
prepare_tensorflow(None, gpu=False)
print(tf.config.threading.get_intra_op_parallelism_threads())
"""


def test_workers_on_one_gpu_share_its_memory():
    """A worker takes memory as it needs it, not all that there is, and another process none: it sees no GPU."""
    result = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["a GPU True", "1", "[] GPU", "1"]
