"""`smjax eval`: one answer for checking, or those of several engines, in pinned workers like any measurement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any

from smjax.core.engines import Host, packages
from smjax.core.errors import RequestError
from smjax.core.files import read_regular
from smjax.core.machine.host import available_bytes, environment
from smjax.core.models.source import Model, left_aside, open_model
from smjax.core.output import complain
from smjax.core.records.evaluation import Evaluated, Evaluation, read_reference
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure, Scenario, check_scenario
from smjax.core.records.typed import WrongValueError, decode
from smjax.sweep.ahead.steps import model_file
from smjax.sweep.process.launcher import Launcher
from smjax.sweep.request.resolve import expand, resolve
from smjax.sweep.request.single import SingleRequest
from smjax.sweep.request.validate import check_arguments, check_engine, check_memory

IDS_BYTES_MAX = 1 << 26
"""Of a file of token ids: many times the longest context."""


class WorkerFailed(Exception):
    """The request was fine and the worker did not answer it; the message is one line."""


@dataclass(frozen=True)
class EvalRequest(SingleRequest):
    """What `smjax eval` was asked."""

    ids_file: Path
    n_gen: int
    _: KW_ONLY
    ctx: int | None = None
    """None for just enough."""
    engines: tuple[str, ...] = ("smjax",)
    engine_args: Mapping[str, str] = field(default_factory=dict)
    """Settings that one of the engines has at least."""


def evaluate(request: EvalRequest, launcher: Launcher) -> str:
    """The answer of one engine with one kernel as one line of JSON.

    Raises RequestError for a wrong request, WorkerFailed if the worker fails.
    """
    (asked,) = _judged(request)
    one = _answer(asked, launcher)
    if one.status != "ok":
        raise WorkerFailed(f"{one.status}: {one.reason}")
    found = one.answer
    answer = {"nll_mean": found.nll_mean, "logits": found.logits, "greedy": found.greedy}
    return json.dumps({**answer, "kernel": one.kernel, "isa": one.isa})


def evaluate_each(
    request: EvalRequest, reference: Path | None, launcher: Launcher
) -> tuple[list[Evaluated], Evaluation | None]:
    """The answers of all engines, and the one that they are held against: that in the file `reference`, or the first.

    None where the first failed. Raises RequestError, before anything runs, where any of it cannot be served.
    """
    requests = list(_judged(request))
    known = None if reference is None else read_reference(reference, requests[0].ids, Path(request.model).name)
    found = [_answer(asked, launcher) for asked in requests]
    first = found[0].answer if found[0].status == "ok" else None
    return found, first if reference is None else known


def _judged(request: EvalRequest) -> list[Request]:
    """What each worker is asked; raises RequestError where one of them cannot serve it."""
    ids = read_ids(request.ids_file)
    scenarios = [_scenario(request, engine, len(ids)) for engine in request.engines]
    check_arguments(scenarios)
    request.check_timeout()
    model = open_model(scenarios[0].model, scenarios[0].model_path, request.seed)
    _check_sizes(scenarios[0], model)
    host = environment(packages())
    each = [one for scenario in scenarios for one in expand(scenario, host)]
    requests = [_request(scenario, model, ids, host) for scenario in dict.fromkeys(each)]
    _check_vocabulary(request.ids_file, ids, model)
    model.check_weights()
    if aside := left_aside(model):
        complain(aside)
    return requests


def _request(scenario: Scenario, model: Model, ids: list[int], host: Host) -> Request:
    resolved = resolve(scenario, host)
    check_engine(resolved, model)
    check_memory(resolved, model, available_bytes())
    return Request("evaluate", resolved, ids=ids, model_file=model_file(resolved, model))


def _answer(asked: Request, launcher: Launcher) -> Evaluated:
    outcome = launcher.run(asked, asked.resolved.scenario.measure.timeout_s)
    ran = outcome.answer.resolved or asked.resolved
    status, reason, answer = outcome.status, outcome.reason.replace("measure.timeout_s", "--timeout"), Evaluation()
    if status == "ok":
        try:
            answer = decode(Evaluation, outcome.answer.evaluation)
        except WrongValueError as error:  # a file can be whole, and its weights still be nonsense
            status, reason = "failed", f"{error}; the engine, or the model's weights, are damaged"
    return Evaluated(asked.resolved.scenario.engine, ran.kernel, ran.isa, status, reason, answer)


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


def _scenario(request: EvalRequest, engine: str, n_prompt: int) -> Scenario:
    ctx = n_prompt + max(request.n_gen, 0) if request.ctx is None else request.ctx
    once = Measure(replicates=1, iterations=1, warmup=0, timeout_s=request.timeout_s)
    return request.scenario(engine, (ctx, n_prompt, request.n_gen), once, request.engine_args)


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
