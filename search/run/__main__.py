"""`python -m search.run`: make or continue a study, run its trials on Ray, print the answer."""

import logging
import os
import time

STARTED = time.monotonic()

from search.errors import EXIT_DONE  # noqa: E402
from search.run.options import parse  # noqa: E402
from search.terminal import streams  # noqa: E402 (the clock starts before the imports)

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(arguments)
    if options.print_space:
        from search.run.plan import new_source  # noqa: PLC0415 (as below)
        from search.study.data import found_in  # noqa: PLC0415 (likewise)
        from search.study.space import Space  # noqa: PLC0415 (likewise)
        from search.study.space_file import load_space, to_toml  # noqa: PLC0415 (likewise)
        from trainable.mlp.wide import WIDE  # noqa: PLC0415 (likewise)

        problem = found_in(new_source(options), options.model)
        space = (
            load_space(options.space, problem)
            if options.space and str(options.space) == WIDE
            else Space.default(problem)
        )
        streams.answer(to_toml(space).removesuffix("\n"))
        return EXIT_DONE
    # Imported here: a wrong option is answered before anything heavy is loaded.
    from search.surroundings.variables import forget_for_ray  # noqa: PLC0415
    from search.terminal.quiet import quiet  # noqa: PLC0415

    forgotten = forget_for_ray(os.environ, local=options.address is None)
    quiet(verbose=options.verbose)
    if forgotten and options.verbose:
        log.info("set for another program, and left out here: %s", ", ".join(forgotten))
    from search.run.session import Session  # noqa: PLC0415
    from search.storage.sqlite import leave_files  # noqa: PLC0415

    try:
        return Session(options, STARTED).run()
    finally:
        leave_files()  # the process ends without Python's clearing up


if __name__ == "__main__":
    streams.leave(streams.command(main))
