"""Runs a prepared sweep: worker after worker, a record each, and at the end the table and the files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from smjax.core import signals
from smjax.core.errors import RequestError
from smjax.core.exit_codes import ExitCode
from smjax.core.machine.best import Best
from smjax.core.machine.host import pick_cpus
from smjax.core.machine.readings import read_machine
from smjax.core.machine.topology import core_kind
from smjax.core.records.document import write_record
from smjax.core.records.flags import AHEAD_FAILED
from smjax.core.records.folder import record_paths
from smjax.core.records.record import Order, Record
from smjax.core.records.request import Request
from smjax.core.records.resolved import Resolved
from smjax.core.text import printable
from smjax.sweep.ahead.steps import Ahead
from smjax.sweep.plan.order import seed_of
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.resume import rounds_so_far, standings_of
from smjax.sweep.plan.standing import Run, process_of
from smjax.sweep.process.launcher import Outcome
from smjax.sweep.run.dram import Dram
from smjax.sweep.run.in_words import opening, point
from smjax.sweep.run.outside import Outside
from smjax.sweep.run.prepare import Sweep
from smjax.sweep.run.progress import Progress
from smjax.sweep.run.record import Stamps, make_record, run_id


def execute(sweep: Sweep, outside: Outside) -> ExitCode:
    """Measure, report, and return the exit code."""
    return _Execution(sweep, outside).run()


class _Execution:
    """One sweep under way."""

    def __init__(self, sweep: Sweep, outside: Outside) -> None:
        self.sweep, self.outside = sweep, outside
        self.errors = Console(file=sys.stderr)
        self.plan: Plan | None = None
        """None until it is known what was measured before."""
        self.run_id = ""
        self.dram = Dram(outside.launcher, self._say)
        environment = sweep.environment
        self.best = Best(environment.get("machine") or "", environment["cpu"].get("model"))
        self.stop: KeyboardInterrupt | None = None
        """What has ended the sweep early."""

    def run(self) -> ExitCode:
        sweep = self.sweep
        for note in sweep.notes:
            self._say(note)
        if not any(record_paths(sweep.folder.path)):
            self._say(opening(sweep.differing, sweep.whole.budget_s, sweep.folder.path))
        try:
            self._measure_all()
            code = ExitCode.OK if self.plan is None or self.plan.all_ok else ExitCode.FAILED
        except KeyboardInterrupt as stop:
            code = self._stopped(stop)
        except RequestError as error:  # the disk is full
            self._say(f"{error}; stopped, {self._kept()}")
            code = ExitCode.FAILED
        if any(self.sweep.folder.records.glob("*.json")):
            code = max(code, self._report())
        if self.stop:
            self._say(f"{signals.word(self.stop)}; {self._kept()}")
            self.sweep.folder.undo()
        return code

    def _measure_all(self) -> None:
        sweep = self.sweep
        with Progress(self.errors, self.outside.draw_table) as progress:
            ready = self._get_ready(progress)
            identities = {resolved: ahead.identity for resolved, ahead in ready.items()}
            earlier = sweep.folder.earlier(self._say)
            self.run_id = run_id(earlier)
            self._recall(earlier)
            progress.recall(earlier)
            standings = standings_of(identities, earlier, self._say)
            self.plan = plan = Plan(
                standings,
                seed=seed_of(self.run_id),
                budget_s=sweep.whole.budget_s,
                first_round=rounds_so_far(earlier, self.run_id),
                retry_failed=sweep.whole.retry_failed,
            )
            for run in plan.runs():
                progress.starting(run, plan)
                outcome, record = self._measure(run, plan, ready[run.resolved], progress)
                plan.finished(run, process_of(record))
                progress.finished(run, plan, outcome, record)

    def _get_ready(self, progress: Progress) -> dict[Resolved, Ahead]:
        """What comes before each scenario's processes; of a file and its copy, which have the same ones, the first."""
        sweep, ready = self.sweep, dict[Resolved, Ahead]()
        for number, resolved in enumerate(sweep.resolved):
            progress.preparing(point(resolved.scenario), number, len(sweep.resolved))
            there, subject = sweep.interpreters.of(resolved.scenario), sweep.subjects[resolved]
            ahead = subject.get_ready(resolved, sweep.environment, there, self.outside.launcher, progress.phase)
            for failed in ahead.failed:
                self._say(f"{point(resolved.scenario)}: ahead of it {failed}; measured without")
            alike = (other for other in ready if ready[other].identity == ahead.identity)
            same = next((other for other in alike if other.scenario.label == resolved.scenario.label), None)
            if same is None:
                ready[resolved] = ahead
            else:
                twins = point(resolved.scenario), point(same.scenario)
                self._say("{}: measured once, as it is the same as {}".format(*twins))
        return ready

    def _measure(self, run: Run, plan: Plan, ahead: Ahead, progress: Progress) -> tuple[Outcome, Record]:
        """Run one worker and write its record."""
        sweep, scenario, subject = self.sweep, run.scenario, self.sweep.subjects[run.resolved]
        dram = self.dram.of(run.resolved, progress.phase)
        started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        cpus = pick_cpus(scenario.threads)
        before = read_machine(cpus)
        cache_dir = None if ahead.cache_dir is None else str(ahead.cache_dir)
        request = Request(
            subject.task, run.resolved, ahead.prepared, cache_dir, model_file=ahead.model_file, order=plan.order_in(run)
        )
        outcome = self.outside.launcher.run(request, scenario.measure.timeout_s, progress.phase)
        outcome.answer.flags += [AHEAD_FAILED.name] if ahead.failed else []
        readings = {"before": before, "after": read_machine(cpus)}
        outcome = subject.judged(outcome)
        probes = outcome.answer.probes
        kind = core_kind(outcome.answer.threads.affinity, scenario.threads)
        best = None if kind is None else self.best.learn(probes.additions_per_cycle if probes else (), kind)
        order = Order(plan.seed, run.block, plan.ended, plan.point(run))
        stamps = Stamps(started, self.run_id, order, readings, dram, best)
        there = sweep.interpreters.of(scenario)
        record = make_record(run, subject.about, sweep.environment, there, ahead.identity, stamps, outcome)
        write_record(sweep.folder.records, record)
        return outcome, record

    def _recall(self, earlier: Sequence[Record]) -> None:
        """What this machine's cores could do when a sweep began that goes on: it may have kept nothing of it."""
        here = self.sweep.environment
        for record in earlier:
            kind = core_kind(record.threads.affinity, record.scenario.threads)
            if kind is not None and (record.machine, record.host) == (here.get("machine") or "", here["host"]):
                self.best.recall(record.readings.best_additions_per_cycle, kind)

    def _report(self) -> ExitCode:
        """Write the derived files, print the tables and the paths."""
        folder, report = self.sweep.folder, self.sweep.whole.report
        try:
            reported = self.outside.report(folder.path, report)
        except RequestError as error:
            self._say(str(error))
            return ExitCode.FAILED
        except KeyboardInterrupt as stop:
            return self._stopped(stop)
        for line in ("Files:", f"  {folder.records}/", *(f"  {path}" for path in reported.paths)):
            print(printable(line, limit=None))
        if reported.next_steps and not self.stop:
            self.errors.print(Text("\n".join(("Next:", *reported.next_steps))), soft_wrap=True)
        return ExitCode.OK

    def _stopped(self, stop: KeyboardInterrupt) -> ExitCode:
        self.stop = stop
        return signals.exit_code(stop)

    def _kept(self) -> str:
        if self.plan is None or not self.plan.ended:
            return "nothing was measured"
        folder, ended, total = self.sweep.folder, self.plan.ended, self.plan.total
        kept = f"the records of {ended} of {total} workers are kept in {folder.records}"
        return f"{kept}; hydra.run.dir={folder.path} goes on from there"

    def _say(self, text: str) -> None:
        """Print as it is, however long the line: paths are to be copied."""
        self.errors.print(Text(f"smjax: {printable(text, limit=None)}"), soft_wrap=True)
