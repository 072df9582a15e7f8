"""A quantity that decides how a network is trained, and which values it may have."""

from dataclasses import dataclass
from typing import Literal

from trainable.errors import ConfigError

MAX_SEED = 2**31 - 1  # fits the signed 32-bit integers of TensorFlow's stateless random ops
LONGEST_SHOWN = 80  # characters


@dataclass(frozen=True)
class Parameter:
    """A quantity that decides how a network is trained.

    Attributes:
        name: What it is called everywhere.
        kind: Of its values; a share is a float that may be as small as `low`; "any" is for a number, a text or a
            boolean, with which a person's own code does what it likes.
        low: The least value that can be trained at all; of a float what it has to exceed. Not of any kind.
        high: The greatest; of any kind the greatest size of a number.
        meaning: In a few words.
        choices: What a choice is of.
        is_optional: Whether a configuration can lack it; it always can where it is of any kind.
    """

    name: str
    kind: Literal["int", "float", "share", "choice", "any"]
    low: float
    high: float
    meaning: str
    choices: tuple[str, ...] = ()
    is_optional: bool = False

    @property
    def can_lack(self) -> bool:
        """Whether a configuration can do without it."""
        return self.is_optional or self.kind == "any"

    def check(self, value: object) -> None:
        """Refuse a value that no network can be trained with.

        Raises:
            ConfigError: Its type is wrong, or it is out of range.
        """
        if self.kind == "any":
            self._check_any(value)
            return
        if self.kind == "choice":
            allowed = isinstance(value, str) and value in self.choices
            what = f"one of {', '.join(self.choices)}"
        elif self.kind == "int":
            allowed = isinstance(value, int) and self.low <= value <= self.high
            what = f"a whole number from {self.low} to {self.high}"
        elif self.kind == "share":
            allowed = isinstance(value, int | float) and self.low <= value <= self.high
            what = f"a number from {self.low:g} to {self.high:g}"
        else:
            allowed = isinstance(value, int | float) and self.low < value <= self.high
            what = f"a number greater than {self.low:g} and at most {self.high:g}".replace("e+", "e")
        if not allowed or isinstance(value, bool):
            raise ConfigError(f"{self.name} must be {what}, got {shown(value)}")

    def _check_any(self, value: object) -> None:
        if isinstance(value, str):
            allowed = len(value) <= LONGEST_SHOWN and value.isprintable()
        else:
            allowed = isinstance(value, int | float) and abs(value) <= self.high
        if not allowed:
            text = f"a text of at most {LONGEST_SHOWN} characters"
            what = f"a number of at most {self.high:g} in size, true, false, or {text}"
            raise ConfigError(f"{self.name} must be {what}, got {shown(value)}")


SEED = Parameter("seed", "int", 0, MAX_SEED, "decides the initial weights and every shuffle")


def shown(value: object) -> str:
    """Return a value as a message can hold it: Python refuses to print integers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        text = "a number of thousands of digits"
    except RecursionError:
        text = "a value in thousands of others"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
