"""Where a network is trained: what its numbers depend on besides configuration, seed, data and precision.

Float32 sums depend on the order of their terms, and so on the processor's registers, the kernels that TensorFlow picks
for them, and the number of threads. In one environment a training is repeatable to the last bit; in another one it may
part from the first after an epoch or two.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainable.precision import CPU_INFO, processor_facts
from trainable.process import ONEDNN

PLACE = Path(__file__).parent
PACKAGES = ("tensorflow", "keras", "numpy")

# The instruction sets by which Eigen and oneDNN choose their kernels, as Linux calls them.
INSTRUCTIONS = (
    "sse4_1", "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni",
    "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16", "asimd", "sve", "sve2", "bf16",
)  # fmt: skip
DIGEST_LENGTH = 12  # hexadecimal digits; a study sees a handful of environments


def environment_here(threads: int, *, gpu: bool, sources: Iterable[str]) -> dict[str, Any]:
    """Describe this process's environment in a form that JSON can hold.

    Args:
        threads: Of TensorFlow, for the parts of one operation.
        gpu: Whether TensorFlow may use GPUs; their names count only then.
        sources: The modules that decide the numbers: their text stands for the engine's version.
    """
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "engine": _digest(b"".join((PLACE / f"{name.replace('.', '/')}.py").read_bytes() for name in sources)),
        **processor(),
        "threads": threads,
        "onednn": os.environ.get(ONEDNN, "1") == "1",
        "gpu": _gpus() if gpu else "",
    }


def code_here() -> dict[str, str]:
    """Return what workers of one search have to have in common: the versions of Python, of Ray, and of this package.

    The last one is the project's with a digest of this package's source, which changes more often.
    """
    sources = sorted(PLACE.rglob("*.py"))
    digest = _digest(b"".join(file.read_bytes() for file in sources))
    return {
        "Python": platform.python_version(),
        "Ray": version("ray"),
        "mnist-search": f"{version('mnist-search')}+{digest}",
    }


def processor(cpu_info: Path = CPU_INFO) -> dict[str, str]:
    """Return the processor's name, Python's own where Linux does not say it, and its instruction sets that matter."""
    facts = processor_facts(cpu_info)
    name = facts.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in facts:  # under a hypervisor the name may be no more than the maker's
        name += f", family {facts['cpu family']}, model {facts.get('model')}, stepping {facts.get('stepping')}"
    flags = (facts.get("flags") or facts.get("Features") or "").split()
    return {"processor": name, "instructions": " ".join(each for each in INSTRUCTIONS if each in flags)}


def digest_of(environment: Mapping[str, Any]) -> str:
    """Return the short name of an environment: the same for the same facts."""
    return _digest(json.dumps(environment, sort_keys=True).encode())


def differences(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two environments, by name: the recorded value and the one here."""
    names = [*recorded, *(name for name in here if name not in recorded)]
    pairs = {name: (recorded.get(name), here.get(name)) for name in names}
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]


def _gpus() -> str:
    """Return the names of the GPUs that TensorFlow uses."""
    import tensorflow as tf  # noqa: PLC0415 (only who trains has it loaded)

    devices = tf.config.get_visible_devices("GPU")
    return ", ".join(tf.config.experimental.get_device_details(each).get("device_name", "GPU") for each in devices)
