"""A card for each machine of a report, and which records are of which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from smjax.core.machine.microarchitectures import short_name
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare.fields import machine_of
from smjax.report.page.machine_facts import CPU, best_known, facts, section
from smjax.report.page.machine_findings import findings
from smjax.report.render.html.page import Machine


def cards(records: Sequence[Record]) -> list[Machine]:
    """One for each machine, in the order in which they were used."""
    found = by_machine(records).values()
    return [Machine(_title(own), tuple(facts(own)), tuple(findings(own))) for own in found]


def by_machine(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Records that do not say which machine they are of are of the one of their type, where there is one alone."""
    of_type = defaultdict[str, set[str]](set)
    for record in records:
        of_type[record.host] |= {record.machine} if record.machine else set()
    found = defaultdict[str, list[Record]](list)
    for record in records:
        known = of_type[record.host] if record.host and not record.machine else set()
        found[known.copy().pop() if len(known) == 1 else machine_of(record)].append(record)
    return found


def _title(own: Sequence[Record]) -> str:
    """The CPU's brand, and what its cores are called where that says more."""
    one = best_known(own)
    brand = printable(one.environment.cpu.model or "A machine of an unknown kind")
    known = {name: value for name, value in section(one, *CPU).items() if isinstance(value, str | int)}
    cores = short_name(known)
    return brand if not cores or cores in brand else f"{brand} ({cores})"
