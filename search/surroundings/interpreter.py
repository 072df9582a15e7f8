"""The Python that runs this: which ones can run the project. Old Pythons read this file; `make` runs it, too."""

import sys

LOWEST, BELOW = (3, 11), (3, 14)
NAME = "Python" if sys.implementation.name == "cpython" else sys.implementation.name
FOUND = f"{NAME} {'.'.join(map(str, sys.version_info[:3]))}"
SUITS = NAME == "Python" and LOWEST <= sys.version_info[:2] < BELOW and sys.maxsize > 2**32
REFUSED = f"Python 3.11, 3.12 or 3.13 is needed, {sys.executable} is {FOUND}"

if __name__ == "__main__":
    if not SUITS:
        sys.exit(f"is {FOUND}")
    try:
        import ensurepip  # noqa: F401 (Debian has it in a package of its own)
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            f"has no venv; on Debian and Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )
