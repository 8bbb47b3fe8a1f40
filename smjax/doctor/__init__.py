"""What disturbs measurements on this machine, how bad it is and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.doctor import events, settings
from smjax.doctor.finding import Finding
from smjax.doctor.window import watch

__all__ = ["Finding", "examine", "noisy"]


def examine(seconds: float = 1.0) -> list[Finding]:
    """Watch the machine for `seconds`, in which this process sleeps, and judge what happened and how it is set up."""
    window = watch(seconds)
    return [*settings.findings(window), *events.findings(window)]


def noisy(findings: Sequence[Finding]) -> list[str]:
    """What must not be there while something is measured, such as `steal: 4.1 %`; empty on a quiet machine."""
    return [f"{finding.name}: {finding.found}" for finding in findings if finding.severity == "noisy"]
