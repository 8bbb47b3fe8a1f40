"""`smjax doctor`: findings and self-test on one screen."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from smjax.core.errors import RequestError
from smjax.core.machine.host import environment
from smjax.core.numbers import significant
from smjax.core.text import printable
from smjax.doctor import Finding, examine, noisy
from smjax.doctor.capabilities import self_test

_STYLES = {"ok": "green", "note": "yellow", "noisy": "bold red", "unknown": "dim"}


def doctor(as_json: bool, strict: bool) -> None:
    """Look at the machine for a second, test it for two, and print what was found.

    Raises RequestError if it is noisy and `strict` does not want that.
    """
    findings, tested, host = examine(), self_test(), environment()
    if as_json:
        print(json.dumps(to_json(findings, tested, host["host"])))
    else:
        Console(file=sys.stdout, highlight=False).print(screen(findings, tested, host))
    if strict and (disturbing := noisy(findings)):
        found = "; ".join(disturbing)
        raise RequestError(f"doctor --strict: expected a quiet machine, found {found}; smjax doctor tells what to do")


def to_json(findings: Sequence[Finding], tested: dict[str, Any], host: str) -> dict[str, Any]:
    """All of it, for programs."""
    return {
        "host": host,
        "noisy": bool(noisy(findings)),
        "findings": [asdict(finding) for finding in findings],
        "self_test": tested,
    }


def screen(findings: Sequence[Finding], tested: dict[str, Any], host: dict[str, Any]) -> RenderableType:
    """A heading, a line or two for each finding, what the self-test measured, and the verdict."""
    names = ", ".join(finding.name for finding in findings if finding.severity == "noisy")
    return Group(
        Text(f"{_processor(host['cpu'])}, host {host['host']}\n", style="bold"),
        _findings(findings),
        Text(_in_words(tested)),
        _bandwidths(tested["read_gb_per_s"]),
        Text(f"\nNoisy: {names}." if names else "\nQuiet.", style=_STYLES["noisy" if names else "ok"]),
    )


def _processor(cpu: dict[str, Any]) -> str:
    return f"{printable(cpu['model'])}, {cpu['arch']}, {cpu['usable_cores']} CPUs"


def _findings(findings: Sequence[Finding]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for finding in findings:
        advice = f"; {finding.advice}" if finding.advice else ""
        severity = Text(finding.severity, style=_STYLES[finding.severity])
        table.add_row(severity, finding.name, Text(printable(finding.found + advice, limit=None)))
    return table


def _in_words(tested: dict[str, Any]) -> str:
    seconds, ghz, wake_up = (
        significant(tested["seconds"], 2),
        significant(tested["effective_ghz"]),
        tested["wake_up_us"],
    )
    p50_us, p99_us = (significant(wake_up[name], 2) for name in ("p50", "p99"))
    return (
        f"\nSelf-test, {seconds} s: clock under load {f'{ghz} GHz' if ghz else 'not measured'}, "
        f"timer step {tested['timer_step_ns']} ns,\n"
        f"wake-up of a thread {p50_us} µs, p99 {p99_us} µs ({wake_up['method']})\n"
    )


def _bandwidths(rows: Sequence[dict[str, Any]] | None) -> RenderableType:
    """A line for each number of threads, a column for each working set."""
    if rows is None:
        return Text("reads not measured: that needs the native library")
    sizes = sorted({row["working_set_bytes"] for row in rows})
    rates = {(row["threads"], row["working_set_bytes"]): row["gb_per_s"] for row in rows}
    table = Table("reads, GB/s", box=None, pad_edge=False, header_style="")
    for size in sizes:
        table.add_column(_size(size), justify="right")
    for threads in sorted({row["threads"] for row in rows}):
        cells = (significant(rate) if (rate := rates[threads, size]) else "unknown" for size in sizes)
        table.add_row(f"{threads} core{'s' if threads > 1 else ''}", *cells)
    return table


def _size(n_bytes: int) -> str:
    return f"{n_bytes // 2**20} MiB" if n_bytes >= 2**20 else f"{n_bytes // 2**10} KiB"
