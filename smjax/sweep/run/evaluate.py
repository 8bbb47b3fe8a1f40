"""`smjax eval`: one answer for checking, computed in a pinned worker like any measurement."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smjax.core.engines import packages
from smjax.core.errors import RequestError
from smjax.core.files import read_regular
from smjax.core.machine.host import available_bytes, environment
from smjax.core.models.presets import PRESETS
from smjax.core.models.source import Model, open_model
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure, Scenario, check_scenario
from smjax.sweep.ahead.steps import model_file
from smjax.sweep.process.launcher import Launcher
from smjax.sweep.request.resolve import resolve
from smjax.sweep.request.validate import check_engine, check_memory

_TIMEOUT_S = 600.0
IDS_BYTES_MAX = 1 << 26
"""Of a file of token ids: many times the longest context."""


class WorkerFailed(Exception):
    """The request was fine and the worker did not answer it; the message is one line."""


@dataclass(frozen=True)
class EvalRequest:
    """What `smjax eval` was asked."""

    model: str
    """A GGUF file or the name of a preset."""
    ids_file: Path
    n_gen: int
    kernel: str = "auto"
    isa: str = "auto"
    threads: int = 1
    ctx: int | None = None
    """None for just enough."""
    seed: int = 42
    engine: str = "smjax"


def evaluate(request: EvalRequest, launcher: Launcher) -> str:
    """The answer as one line of JSON; raises RequestError for a wrong request, WorkerFailed if the worker fails."""
    ids = read_ids(request.ids_file)
    scenario = _scenario(request, len(ids))
    model = open_model(scenario.model, scenario.model_path, scenario.seed)
    _check_sizes(scenario, model)
    resolved = resolve(scenario, environment(packages()))
    check_engine(resolved, model)
    check_memory(resolved, model, available_bytes())
    _check_vocabulary(request.ids_file, ids, model)
    asked = Request("evaluate", resolved, ids=ids, model_file=model_file(resolved, model))
    outcome = launcher.run(asked, _TIMEOUT_S)
    if outcome.status != "ok":
        raise WorkerFailed(f"{outcome.status}: {outcome.reason}")
    ran = outcome.answer.resolved or resolved
    try:
        return json.dumps({**outcome.answer.evaluation, "kernel": ran.kernel, "isa": ran.isa}, allow_nan=False)
    except ValueError:  # a file can be whole, and its weights still be nonsense
        raise WorkerFailed("failed: expected finite numbers, found others; the model's weights are damaged") from None


def read_ids(path: Path) -> list[int]:
    """Token ids of a JSON file; raises RequestError for anything but a list of them."""
    try:
        ids: Any = json.loads(read_regular(path, IDS_BYTES_MAX, "a readable file of token ids"))
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"{path}: expected a JSON list of token ids, found: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(ids, list) or not ids:
        raise RequestError(f"{path}: expected a JSON list of token ids, found {json.dumps(ids)[:40]}")
    for position, value in enumerate(ids):
        if type(value) is not int:
            raise RequestError(f"{path}: [{position}]: expected a token id, found {json.dumps(value)[:40]}")
    return ids


def _scenario(request: EvalRequest, n_prompt: int) -> Scenario:
    is_preset = request.model in PRESETS
    return Scenario(
        model=request.model if is_preset else "gguf",
        model_path=None if is_preset else request.model,
        engine=request.engine,
        kernel=request.kernel,
        isa=request.isa,
        threads=request.threads,
        ctx=n_prompt + max(request.n_gen, 0) if request.ctx is None else request.ctx,
        n_prompt=n_prompt,
        n_gen=request.n_gen,
        tokens_per_dispatch=1,
        kv_dtype="auto",
        seed=request.seed,
        measure=Measure(replicates=1, iterations=1, warmup=0, timeout_s=_TIMEOUT_S),
    )


def _check_sizes(scenario: Scenario, model: Model) -> None:
    if scenario.n_gen < 0:
        raise RequestError(f"--n-gen: expected at least 0, found {scenario.n_gen}")
    # A measurement needs two generated tokens, an answer none: they are counted as prompt tokens here.
    borrowed = max(0, 2 - scenario.n_gen)
    counted = replace(scenario, n_gen=2, n_prompt=scenario.n_prompt, ctx=scenario.ctx + borrowed)
    check_scenario(counted if borrowed else scenario, model.config.ctx_train + borrowed)


def _check_vocabulary(path: Path, ids: list[int], model: Model) -> None:
    n_vocab = model.config.n_vocab
    for position, token_id in enumerate(ids):
        if not 0 <= token_id < n_vocab:
            raise RequestError(
                f"{path}: [{position}]: expected an id below {model.name}'s vocabulary of {n_vocab}, found {token_id}"
            )
