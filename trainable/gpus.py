"""`python -m trainable.gpus`: whether TensorFlow sees a GPU here; a process of its own, as it takes memory."""

import sys

from trainable.errors import ConfigError
from trainable.helper import ERROR
from trainable.process import prepare_tensorflow


def main() -> int:
    """Say so by the exit status, and why not in the last line."""
    try:
        prepare_tensorflow(1, gpu=True)
    except ConfigError as error:
        print(f"{ERROR}{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
