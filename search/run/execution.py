"""The trials of one command: run on Ray, in another runtime where one is lost, until the study has them all."""

import contextlib
import functools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial
from rich.console import Console

from search.confirmation.confirmation import Confirmation
from search.confirmation.extent import GOAL
from search.confirmation.goal import Goal
from search.confirmation.stopping import deviation_of, spread_networks
from search.errors import Abort, HopelessError, RuntimeLostError, SearchError, line_of
from search.run.forecast import extent_of, networks_of, seconds_left
from search.run.options import Options, how_to_go_on
from search.run.plan import Plan, limits_of
from search.run.progress import progress_on
from search.run.summary import Times
from search.run.tally import Tally
from search.runtime.ahead import imported_ahead
from search.runtime.crew import Crew
from search.runtime.diagnosis import folders_here
from search.runtime.local import ray_runtime
from search.runtime.resources import Resources
from search.storage.address import STORAGE_ERRORS, one_line_errors, storage_reason
from search.storage.lease import GoneError, HeldError
from search.study.data import load_held_out
from search.study.settings import Settings
from search.study.study import baseline_of, cause_of, count, enqueue, ranked, recover, settings_of
from search.terminal.console import say
from search.terminal.signals import Interrupted, Interruptible
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.models import ModelStore
from search.trials.stops import Reason, note_stop
from search.trials.wants import FULL, full_one, want_in
from trainable.data.dataset import HeldOutSet, TrialData

UNKNOWN_DEVIATION = "whether the search was settled is not known: a network of the baseline gave no result"
FRUITLESS = 3  # runtimes in a row that were lost before a trial ended: a further one would be, too


class Execution:
    """Runs what a study lacks; `options` name the study that is made, which may be another one than was wanted."""

    def __init__(self, options: Options, plan: Plan, dataset: TrialData, console: Console, started: float) -> None:
        """Take what the command wants, and `time.monotonic()` at the start of its process."""
        self.options, self._plan, self._dataset = options, plan, dataset
        self._console, self._started = console, started
        self._study: optuna.Study | None = None
        self._work: Confirmation | None = None
        self._workers: int | None = None  # not known before Ray has started
        self._crew = Crew(lambda _: 0, is_local=options.address is None, tell=self._count_workers)
        self._offered, self._offered_until = 0.0, started  # seconds of workers, `time.monotonic()`
        self._extent = extent_of(options, plan.settings, plan.attributes)
        self._limits = limits_of(options, started)
        self._goal: Goal | None = None  # what is on record of what the command wants

    def run(self, signals: Interruptible, afterwards: contextlib.ExitStack) -> None:
        """Run trials until the study has as many as the command asks for, or its time is up.

        Args:
            signals: Asked often.
            afterwards: Takes over the end of Ray, of whose processes nothing is wanted any more: it takes seconds, on
                a busy machine many, and the answer need not wait for it.

        Raises:
            Interrupted: A signal came; trials in flight are recorded as interrupted.
            SearchError: Another driver has the study, or something failed that another runtime does not mend.
        """
        with one_line_errors(self.options.storage), contextlib.ExitStack() as held:
            try:
                self._run(signals, held, afterwards)
            except (Interrupted, Abort, SearchError, KeyError, OSError, *STORAGE_ERRORS) as error:
                signals.awaited = "the storage"
                cause = cause_of(error.cause if isinstance(error, Abort) else error, self._study)
                if not isinstance(cause, GoneError):
                    self._recover()
                self._note_stop(cause)
                if not isinstance(cause, Interrupted):
                    signals.check()  # the person did not want to wait for what failed then
                if isinstance(cause, (Interrupted, SearchError, *STORAGE_ERRORS)):
                    raise cause from cause.__cause__  # what the database driver said
                remedy = f"; {want.remedy}" if (want := want_in(str(cause))) else ""
                raise SearchError(f"the search stopped: {line_of(cause)}{remedy}") from error

    @property
    def has_study(self) -> bool:
        """Whether the study is made or opened for writing."""
        return self._study is not None

    @property
    def settings(self) -> Settings:
        """The study's, whose space may grow with the trials."""
        return self._work.settings if self._work else self._plan.settings

    @property
    def found(self) -> tuple[list[FrozenTrial], dict[str, Any]]:
        """The trials and the user attributes that the study has."""
        return (self._study.get_trials(deepcopy=False), self._study.user_attrs) if self._study else ([], {})

    @property
    def times(self) -> Times:
        """Where the seconds went."""
        now = time.monotonic()
        first = self._work.first_started if self._work else None
        return Times(
            wall=now - self._started,
            startup=(first or now) - self._started,
            training=self._work.training_seconds if self._work else 0.0,
            offered=self._offered + (self._workers or 0) * (now - self._offered_until),
        )

    def _run(self, signals: Interruptible, held: contextlib.ExitStack, afterwards: contextlib.ExitStack) -> None:
        options = self.options
        asked = Resources(options.workers or 0, options.cpus_per_trial, options.gpus_per_trial)
        demand = self._plan.demand(self._dataset.nbytes)
        if self._plan.continued:  # where another driver has it, Ray need not start
            self._begin(signals, held)
        say(self._console, f"connecting to Ray at {options.address}" if options.address else "starting Ray")
        fruitless, done, folders = 0, False, list[Path]()
        while not done:
            ended = self._work.ended if self._work else 0
            try:
                with contextlib.ExitStack() as runtime:
                    with signals.raising():  # nothing is half done while Ray starts, which takes a while
                        runtime.enter_context(imported_ahead("search.runtime.tuning"))
                        ray = ray_runtime(options.address, asked, demand, verbose=options.verbose)
                        resources = runtime.enter_context(ray)
                        folders = folders_here()
                    try:
                        self._run_trials(resources, signals, held)
                        done = True
                    finally:
                        if done or signals.received:
                            afterwards.push(runtime.pop_all())
            except RuntimeLostError as lost:
                self._crew.lose_runtime()
                if not options.address and (folder := full_one(folders)) is not None:  # Ray would not start
                    raise SearchError(f"{lost}: {FULL.name}: {folder}; {FULL.remedy}") from lost
                fruitless = fruitless + 1 if self._work is None or self._work.ended == ended else 0
                if fruitless >= FRUITLESS:
                    raise
                say(self._console, f"{lost}; starting Ray again")

    def _run_trials(self, resources: Resources, signals: Interruptible, held: contextlib.ExitStack) -> None:
        from search.runtime.tuning import run_trials, trainable_of  # noqa: PLC0415 (see `imported_ahead`)

        with self._capacity(resources, signals) as self._crew.available:
            self._count_workers(self._crew.number())
            work = self._work or self._begin(signals, held)
            trainable = trainable_of(self._plan.problem, self._dataset, work.settings.precision)
            work.take_stock()
            if not work.exhausted:
                number, s = self._workers, "s"[: self._workers != 1]
                say(self._console, f"starting {number} worker{s}{resources.why}" if number else "waiting for nodes")
            while not work.exhausted:
                signals.check()
                run_trials(trainable, work, resources, check=signals.check, crew=self._crew)
                work.take_stock()
        if self.options.stop_when_settled and deviation_of(self.found[1], self.settings) is None:
            say(self._console, UNKNOWN_DEVIATION)

    def _tell_stop(self, reason: Reason, detail: str) -> None:
        end = f"; {how_to_go_on(self.options)}" if reason == Reason.TIMEOUT else ""
        say(self._console, f"{detail}: no further trial was started{end}")

    @contextlib.contextmanager
    def _capacity(self, resources: Resources, signals: Interruptible) -> Iterator[Callable[[float], int]]:
        """Yield what says how many trials may run at once now: on a cluster its nodes are followed."""
        if self.options.address is None:
            yield lambda _: resources.workers
            return
        from search.runtime.nodes import Nodes, asked_for  # noqa: PLC0415 (it needs Ray)

        limited, data = self.options.workers is not None, self._dataset.nbytes
        nodes = Nodes(resources, self._plan.settings.precision, limited=limited, data=data)
        with signals.raising():  # a node that does not answer is waited for until Ray gives it up
            nodes.admit()

        def capacity(since: float) -> int:
            number = nodes.workers(since)
            self._count_workers(number)
            return number

        capacity(self._started)
        with asked_for(resources, self.options.workers or self._lacking()):
            yield capacity

    def _lacking(self) -> int:
        """Return how many workers would at most have something to do at once."""
        trials = self.options.trials - count(self._plan.trials).finished
        return max(trials, self._extent.networks if self.options.confirm else 0)

    def _count_workers(self, number: int, why: str = "") -> None:
        """Note how many workers there are from now on."""
        if number == self._workers:
            return
        if self._workers is not None:  # the first ones are counted from the command's start
            now = time.monotonic()
            self._offered += self._workers * (now - self._offered_until)
            self._offered_until = now
            say(self._console, f"{number} worker{'s'[: number != 1]}{why}")
        self._workers = number
        self._record_goal()

    def _begin(self, signals: Interruptible, held: contextlib.ExitStack) -> Confirmation:
        """Make or continue the study, to be let go of when `held` ends."""
        study = held.enter_context(self._plan.open(self.options, given_up=lambda: signals.received))
        options = self.options = replace(self.options, study=study.study_name)
        signals.promise = how_to_go_on(options)
        enqueue(study, settings := settings_of(study), self._plan.configurations)
        known = study.get_trials(deepcopy=False)
        best, baseline = next(iter(ranked(known)), None), baseline_of(known)
        self._study = study
        is_open, attributes = count(known).finished < options.trials, study.user_attrs
        extent = self._extent = extent_of(options, settings, attributes)
        networks = networks_of(options, extent, attributes, settings, is_open=is_open)
        tally = Tally(
            total=options.trials,
            counts=count(known),
            best=best.value if best else None,
            baseline=baseline.value if baseline else None,
            confirmed=networks if networks[1] else None,
            forecast=self._seconds_left,
        )
        trials = Trials(
            study,
            settings,
            goal=options.trials,
            models=ModelStore(options.runs, options.study),
            failures=FailureStore(options.runs, options.study),
            observer=held.enter_context(progress_on(self._console, tally)),
            max_retries=options.max_retries,
            keep=extent.candidates,
            is_time_up=self._limits.is_time_up,
            enough=self._limits.reached,
        )
        self._work = Confirmation(
            trials,
            extent if options.confirm else None,
            problem=self._plan.problem,
            held_out=functools.cache(lambda: load_held_out(settings.problem, options.data)),
            workers=lambda: self._workers or 0,
            first=spread_networks(settings) if options.stop_when_settled else (),
            validation=(lambda: HeldOutSet(self._dataset.x_val, self._dataset.y_val)) if options.explain else None,
            tell_stop=self._tell_stop,
        )
        self._record_goal()
        return self._work

    def _record_goal(self) -> None:
        if self._study is None:
            return
        options, before = self.options, self._goal
        self._goal = Goal(
            options.trials,
            self._extent if options.confirm else None,
            max(1, self._workers or 0),  # none yet: Ray is to start
            began=(before.began or before.since) if before else None,
            stop_at=options.stop_at,
            stop_when_settled=options.stop_when_settled,
            explain=options.explain,
        )
        self._study.set_user_attr(GOAL, self._goal.to_json())

    def _seconds_left(self) -> float | None:
        goal, ends_at = self._goal, self._limits.ends_at
        if goal is None or self._work is None:
            return None
        goal = replace(goal, trials=0) if self._work.has_searched else goal
        limit = math.inf if ends_at is None else ends_at - time.monotonic()
        return seconds_left(*self.found, self.settings, goal, limit)

    def _note_stop(self, cause: BaseException) -> None:
        """Record that the search was cut short, unless nothing came of it or the study cannot be written."""
        if self._study is None or self._work is None:
            return
        with contextlib.suppress(HeldError, *STORAGE_ERRORS):  # another driver's by now, or out of reach
            if isinstance(cause, HopelessError):
                note_stop(self._study, Reason.FAILED, str(cause))
            elif isinstance(cause, Interrupted) and not self._work.has_searched:
                note_stop(self._study, Reason.INTERRUPTED, f"interrupted by {cause}")

    def _recover(self) -> None:
        """Leave no trial running in the study, unless it is the study that cannot be written: the next command will."""
        if self._study is None:
            return
        try:
            with contextlib.suppress(HeldError):  # they are another driver's now
                recover(self._study, self.settings)
        except STORAGE_ERRORS as error:
            say(self._console, f"trials in flight are still marked as running: {storage_reason(error)}")
