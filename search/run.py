"""`python -m search.run`: make or continue a study, run its trials on Ray, print the answer."""

import sys
import time

STARTED = time.monotonic()

from search import terminal  # noqa: E402 (the clock starts before the imports)
from search.errors import EXIT_DONE, EXIT_INTERRUPTED, SearchError, UsageError  # noqa: E402
from search.options import parse  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(arguments)
    try:
        if options.print_space:
            from search.space import BUILT_IN, to_toml  # noqa: PLC0415 (as below)

            terminal.answer(to_toml(BUILT_IN).removesuffix("\n"))
            return EXIT_DONE
        if sys.flags.optimize > 1:
            raise UsageError("python -OO and PYTHONOPTIMIZE=2 leave docstrings out, without which Ray does not load")
        # Imported here: a wrong option is answered before anything heavy is loaded.
        from search.noise import quiet  # noqa: PLC0415

        quiet(verbose=options.verbose)
        from search.session import Session  # noqa: PLC0415

        return Session(options, STARTED).run()
    except SearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:  # outside the time in which trials run, when there is nothing to print yet
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    terminal.leave(terminal.command(main))
