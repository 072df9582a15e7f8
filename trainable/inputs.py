"""What a network takes: how an example is stored, and what becomes of its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any


@dataclass(frozen=True)
class Inputs:
    """What a network takes.

    Attributes:
        shape: Of one example as it is stored, such as (height, width).
        dtype: Of its values.
        scale: What the values are divided by before the first layer; 1 where they are taken as they are stored,
            None where the first layer standardises them.
        name: What code calls an array of several.
        columns: What the numbers of an example are called, where they have names.
        several: Of a network of several inputs the type and the shape of each, by its name, as in
            `{"image": ["uint8", [8, 8]]}`; `shape` and `dtype` are then those of the first.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    name: str = "examples"
    columns: tuple[str, ...] = ()
    several: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_image(self) -> bool:
        """Whether an example can be shown as a picture: (height, width), or with 1, 3 or 4 channels of bytes."""
        *_, last = self.shape
        has_channels = len(self.shape) == len(("height", "width", "channels")) and last in (1, 3, 4)
        is_one = not self.several
        return is_one and self.dtype == "uint8" and (has_channels or len(self.shape) == len(("height", "width")))

    @property
    def features(self) -> int:
        """Numbers in one example."""
        return prod(self.shape)

    def stored(self, batch: str) -> str:
        """Return the form of so many examples as they are stored, such as "uint8 [batch, 8, 8]"."""
        return f"{self.dtype} [{', '.join([batch, *map(str, self.shape)])}]"

    def scaled(self, batch: str) -> str:
        """Return their form before the first layer, such as "float32 [batch, 64] in [0, 1]"."""
        reach = f" in [0, {255 / self.scale:g}]" if self.dtype == "uint8" and self.scale else ""
        return f"float32 [{batch}, {self.features}]{reach}"
