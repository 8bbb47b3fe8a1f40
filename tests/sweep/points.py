"""Scenarios with nothing left open, for tests that do not care what was chosen."""

from __future__ import annotations

from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario


def chosen(scenario: Scenario) -> Resolved:
    return Resolved(scenario, "xla", "avx2", ("avx2",), "float16", (("PJRT_NPROC", str(scenario.threads)),))
