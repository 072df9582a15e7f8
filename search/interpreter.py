"""The Python that runs this: which ones can run the project. Old Pythons read this file; `make` runs it, too."""

import sys

LOWEST, BELOW = (3, 11), (3, 14)
NAME = getattr(getattr(sys, "implementation", None), "name", "cpython")
FOUND = "%s %d.%d.%d" % (("Python" if NAME == "cpython" else NAME, *sys.version_info[:3]))
SUITS = NAME == "cpython" and LOWEST <= sys.version_info[:2] < BELOW and sys.maxsize > 2**32
NEEDED = "Python 3.11, 3.12 or 3.13 is needed"

if __name__ == "__main__":
    if not SUITS:
        sys.exit("is " + FOUND)
    try:
        import ensurepip  # noqa: F401 (Debian has it in a package of its own)
        import venv  # noqa: F401
    except ImportError:
        sys.exit("has no venv; on Debian and Ubuntu: apt install python%d.%d-venv" % sys.version_info[:2])
