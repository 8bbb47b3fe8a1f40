"""Real engines of extras, asked in workers that cannot import JAX; and the reference's answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from smjax.core.engines import packages
from smjax.core.machine.host import environment
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.process.local import LocalLauncher
from smjax.sweep.request.resolve import resolve
from tests.worker.models import scenario

_DATA = Path(__file__).parents[2] / "data"
FILE = _DATA / "shakespeare-q4_0.gguf"
ANSWERS = json.loads((_DATA / "expected.json").read_text())["models"][FILE.name]
TIMEOUT_S = 300.0
_NEARLY_AS_GOOD = 0.1
"""Gap of two ids in the reference's scores that rounding may turn."""
_HOST = environment(packages())
_WITHOUT_JAX = (
    "import sys; sys.modules['jax'] = sys.modules['jaxlib'] = None; from smjax.worker.__main__ import main; main()"
)


def scenario_of(engine: str, **changes: Any) -> Scenario:
    """A scenario of the file, as far as nothing else is said."""
    measure = Measure(replicates=1, iterations=2, warmup=1, timeout_s=TIMEOUT_S)
    fields = {"model_path": str(FILE), "kernel": "auto", "kv_dtype": "auto", "measure": measure}
    return scenario(engine=engine, **{**fields, **changes})


def run(task: Any, of: Scenario, **fields: Any) -> Any:
    """What the worker answers."""
    launcher = LocalLauncher((sys.executable, "-P", "-c", _WITHOUT_JAX))
    outcome = launcher.run(Request(task, resolve(of, _HOST), **fields), TIMEOUT_S)
    assert (outcome.status, outcome.reason) == ("ok", "")
    return outcome.answer


def evaluated(engine: str, expected: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What it makes of a reference's prompt, whose ids part from the reference's only where two are nearly as good."""
    ids, n = expected["ids"], len(expected["greedy"])
    wanted = scenario_of(engine, ctx=len(ids) + n, n_prompt=len(ids), n_gen=n, **changes)
    found: dict[str, Any] = run("evaluate", wanted, ids=ids).evaluation
    pairs = zip(found["greedy"], expected["greedy"], expected["gaps"], strict=True)
    assert next((gap for ours, theirs, gap in pairs if ours != theirs), 0.0) < _NEARLY_AS_GOOD
    return found
