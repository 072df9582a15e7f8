"""What a worker has to do so that nothing of a finished network stays in its memory."""

import ctypes
import functools
import gc
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import keras
from keras.src.saving import object_registration
from tensorflow.python.framework import ops

from trainable.program import MODULES

CUSTOM = "CustomGradient-"  # begins the names under which TensorFlow notes the gradients of a graph, and never lets go


SETTLED = 10  # networks after which a worker has what it needs: code that is loaded late, room for the largest of them
# The share of that by which a worker may grow; then it is renewed, which takes it about ten seconds. Over some hundreds
# of networks of varied shapes the allocator comes to that; what a person's own code keeps may do so sooner.
MARGIN = 0.07


class Traces:
    """What TensorFlow has noted of graphs since this was made, of a worker that forgets them one after another."""

    def __init__(self) -> None:
        """Note what is there before the first graph."""
        gc.collect()
        gc.freeze()  # a collection looks only at what comes now: with TensorFlow's own objects it takes half a second
        self._before = set(_gradients())
        self._networks = 0  # so many were begun
        self._settled = 0  # bytes of this process, when nothing of its first networks was left
        self._left = 0  # when nothing was left of the last but one

    def forget(self) -> None:
        """Give the memory of networks to which nothing refers any more back to the system.

        Keras's optimizers make gradients of their own, which TensorFlow keeps in a register for ever, and with each the
        whole graph and the weights.
        """
        gradients = _gradients()
        for name in set(gradients) - self._before:
            if name.startswith(CUSTOM):
                del gradients[name]
        _forget_files()
        keras.utils.clear_session(free_memory=True)
        trim = _malloc_trim()
        if trim is not None:
            trim(0)

    def begin(self) -> None:
        """Note what is there before a network, when the one before it is forgotten."""
        self._networks, self._left = self._networks + 1, resident()
        if self._networks <= SETTLED:
            self._settled = max(self._settled, self._left)

    @property
    def have_grown(self) -> bool:
        """Whether this process had much more memory before the last network than after its first ones."""
        return self._networks > SETTLED and self._left > self._settled * (1 + MARGIN)


def resident() -> int:
    """Return the bytes of memory that this process has; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _forget_files() -> None:
    """Let go of the modules that a person's file was run as, and of what Keras has registered of them."""
    for name in [each for each in sys.modules if each.startswith(MODULES)]:
        del sys.modules[name]
    names, objects = object_registration.GLOBAL_CUSTOM_NAMES, object_registration.GLOBAL_CUSTOM_OBJECTS
    for registered in [each for each in names if str(getattr(each, "__module__", "")).startswith(MODULES)]:
        objects.pop(names.pop(registered), None)


def _gradients() -> MutableMapping[str, Any]:
    """Return TensorFlow's register of gradients by their names."""
    registry: MutableMapping[str, Any] = ops.gradient_registry._registry  # noqa: SLF001 (there is no other way)
    return registry


@functools.cache
def _malloc_trim() -> Any:
    """Return what makes the C library give freed memory back, where it is one that keeps it until then."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
