"""Search the parameters of a network: an Optuna study decides, Ray Tune executes."""

import sys

if sys.argv[:1] == ["-m"]:  # `python -m search.COMMAND` looks for the command: nothing that it needs is imported yet
    from search.surroundings import interpreter

    if not interpreter.SUITS:
        print(f"error: {interpreter.REFUSED}", file=sys.stderr)
        sys.exit(2)
    from search.surroundings.packages import look

    look()
