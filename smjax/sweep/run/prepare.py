"""From composed points to a sweep that may start: judged together, planned, with a folder that takes records."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from smjax.core.errors import RequestError
from smjax.core.records.alike import settings
from smjax.core.records.document import canonical_json
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario
from smjax.doctor import noisy
from smjax.sweep.process.launcher import Launcher
from smjax.sweep.request.compose import Composed
from smjax.sweep.request.config import ReportConfig
from smjax.sweep.request.folder import RunFolder
from smjax.sweep.request.interpreters import Interpreters
from smjax.sweep.request.job import Composable
from smjax.sweep.request.resolve import passed_over
from smjax.sweep.run.beforehand import STRICT_WATCH_S, WATCH_S, check_addresses, warnings
from smjax.sweep.run.lock import REFUSE, WAIT, only_sweep
from smjax.sweep.run.outside import Examine, Outside
from smjax.sweep.run.progress import Progress
from smjax.sweep.subject.interface import Subject, Subjects
from smjax.sweep.subject.kinds import KINDS


@dataclass(frozen=True)
class Sweep:
    """All that is needed to measure."""

    resolved: list[Resolved]
    """Distinct scenarios, with nothing left to choose."""
    subjects: Subjects
    """What each of them measures."""
    environment: dict[str, Any]
    interpreters: Interpreters
    folder: RunFolder
    whole: Whole
    notes: list[str]
    """What whoever asked should know before it starts, in one line each."""

    @property
    def differing(self) -> list[Scenario]:
        """Those that are measured: of files of equal content the first alone is."""
        found: dict[str, Scenario] = {}
        for one in self.resolved:
            model = self.subjects[one].about.get("hash")
            found.setdefault(canonical_json([settings(one), model, one.scenario.label]), one.scenario)
        return list(found.values())


@dataclass(frozen=True)
class Whole:
    """What is asked of the sweep as a whole, and so has to be the same at every point."""

    report: ReportConfig
    budget_s: float
    strict: bool
    retry_failed: bool
    lock: str


def prepare(composed: Composed, held: contextlib.ExitStack, outside: Outside) -> Sweep:
    """The sweep of all points; raises RequestError if any of them cannot be served.

    `held` takes the lock of the host, which is waited for only when nothing else can be refused.
    """
    kind, whole = KINDS[type(composed.points[0])], _whole(composed.points)
    outside.check_report(whole.report)
    check_addresses()
    host = outside.environment()
    asked = kind.scenarios(composed.points)
    interpreters = Interpreters(host, list(dict.fromkeys(one.engine for one in asked)), outside.hello)
    subjects = kind.subjects(asked, host, interpreters)
    distinct_subjects = list({id(one): one for one in subjects.values()}.values())
    _look(distinct_subjects, outside.launcher)
    composed.folder.open()
    held.enter_context(only_sweep(whole.lock, outside.say))
    disturbing = _disturbing(outside.examine, whole.strict)
    passed = (passed_over(scenario, host, interpreters.of(scenario)) for scenario in asked)
    resolved = distinct(list(subjects))
    told = (*passed, *(one.note for one in distinct_subjects), *interpreters.complaints)
    notes = list(dict.fromkeys(filter(None, (*told, *warnings(resolved, host, disturbing)))))
    return Sweep(resolved, subjects, host, interpreters, composed.folder, whole, notes)


def _disturbing(examine: Examine, is_strict: bool) -> list[str]:
    """What makes the machine noisy just now; raises RequestError where nothing may."""
    found = noisy(examine(STRICT_WATCH_S if is_strict else WATCH_S))
    if is_strict and found:
        raise RequestError(
            f"measure.strict: expected a quiet machine, found {'; '.join(found)}; see smjax doctor, or leave it out"
        )
    return found


def _look(subjects: Sequence[Subject], launcher: Launcher) -> None:
    with Progress(Console(file=sys.stderr)) as progress:
        for number, subject in enumerate(subjects):
            progress.preparing(f"checking {subject.name}", number, len(subjects))
            subject.look(launcher)


def distinct(resolved: Sequence[Resolved]) -> list[Resolved]:
    """Each once; of those that differ only in how often they are measured the one that asks for most processes.

    A label changes nothing, and two of them measure the same thing twice.
    """
    by_process: dict[str, Resolved] = {}
    for one in sorted(resolved, key=lambda one: one.scenario.measure.replicates):
        by_process[canonical_json([settings(one), one.scenario.model_path, one.scenario.label])] = one
    return [one for one in dict.fromkeys(resolved) if one in by_process.values()]


def _whole(points: Sequence[Composable]) -> Whole:
    """The settings of the whole sweep; raises RequestError where they differ between points."""
    each = [Whole(p.report, p.measure.budget_s, p.measure.strict, p.retry_failed, p.lock) for p in points]
    for name, first in vars(each[0]).items():
        if any(getattr(one, name) != first for one in each):
            raise RequestError(f"{name}: expected one for the whole sweep, found several; do not sweep over it")
    if each[0].lock not in (WAIT, REFUSE):
        raise RequestError(f"lock: expected {WAIT} or {REFUSE}, found {each[0].lock}")
    return each[0]
