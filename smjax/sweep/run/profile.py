"""`smjax profile`: processes that look into themselves, and in turn with them processes that only measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from smjax.core.engines import Host, packages
from smjax.core.engines.introduction import introduce
from smjax.core.errors import RequestError
from smjax.core.machine.host import available_bytes, environment
from smjax.core.models.source import Model, left_aside, open_model
from smjax.core.output import complain
from smjax.core.records.answer import Answer
from smjax.core.records.profiled import Profiled
from smjax.core.records.request import Request, Task
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Measure, Scenario, check_scenario
from smjax.sweep.ahead.steps import Ahead, get_ready
from smjax.sweep.process.launcher import Launcher
from smjax.sweep.request.resolve import expand, resolve
from smjax.sweep.request.single import SingleRequest
from smjax.sweep.request.validate import check_engine, check_memory

ENGINE = "smjax"
"""The only one that can be looked into."""

_DOES: dict[Task, str] = {"profile": "looked into", "measure": "as it is measured", "count": "counted"}
COUNTED = 2
"""Processes that count, where they can: what is counted differs less than what is timed."""


@dataclass(frozen=True, kw_only=True)
class ProfileRequest(SingleRequest):
    """What `smjax profile` was asked."""

    ctx: int = 256
    n_gen: int = 128
    replicates: int = 5
    """Processes of each kind."""
    iterations: int | None = None
    """Answers of each process; None for as many as fill a second."""


def profile_each(request: ProfileRequest, launcher: Launcher, say: Callable[[str], None]) -> list[Profiled]:
    """Each kernel that is asked for.

    Raises RequestError, before anything runs, where one of them cannot be served.
    """
    _check(request)
    scenario = _scenario(request)
    model = open_model(scenario.model, scenario.model_path, request.seed)
    check_scenario(scenario, model.config.ctx_train)
    host = environment(packages())
    every = [resolve(one, host) for one in dict.fromkeys(expand(scenario, host))]
    for resolved in every:
        check_engine(resolved, model)
        check_memory(resolved, model, available_bytes())
    model.check_weights()
    if aside := left_aside(model):
        complain(aside)
    return [_profile(resolved, model, host, launcher, say) for resolved in every]


def _profile(resolved: Resolved, model: Model, host: Host, launcher: Launcher, say: Callable[[str], None]) -> Profiled:
    there = introduce(host, [ENGINE])
    ahead = get_ready(resolved, model, host, there, launcher, lambda phase: None)
    for failed in ahead.failed:
        say(f"ahead of it {failed}; measured without")
    found = Profiled(model.name, resolved, model.config.n_layers, host)
    kinds: dict[Task, list[Answer]] = {"profile": found.looked_into, "measure": found.measured, "count": found.counted}
    n = resolved.scenario.measure.replicates
    for number, task in _turns(n, found):
        say(f"{resolved.kernel}: {number + 1} of {COUNTED if task == 'count' else n}, {_DOES[task]}")
        outcome = launcher.run(_request(task, resolved, ahead), resolved.scenario.measure.timeout_s)
        if outcome.status != "ok":
            reason = outcome.reason.replace("measure.timeout_s", "--timeout")
            if task == "count":  # what was timed stays
                return replace(found, no_counts=reason, counted=[])
            return replace(found, status=outcome.status, reason=reason)
        kinds[task].append(outcome.answer)
    return found


def _turns(n: int, found: Profiled) -> Iterator[tuple[int, Task]]:
    """Which process is next: both kinds in turn, so that no drift favours one; then those that count, if any can."""
    both: tuple[Task, Task] = ("profile", "measure")
    for number in range(n):
        yield from ((number, task) for task in (reversed(both) if number % 2 else both))
    newest = found.looked_into[-1].profile
    if newest is not None and not newest.no_counts:
        yield from ((number, "count") for number in range(COUNTED))


def _request(task: Task, resolved: Resolved, ahead: Ahead) -> Request:
    cache_dir = None if ahead.cache_dir is None else str(ahead.cache_dir)
    return Request(task, resolved, ahead.prepared, cache_dir, model_file=ahead.model_file)


def _scenario(request: ProfileRequest) -> Scenario:
    sizes = (request.ctx, request.ctx - request.n_gen, request.n_gen)
    measure = Measure(request.replicates, request.iterations, warmup=1, timeout_s=request.timeout_s)
    return request.scenario(ENGINE, sizes, measure)


def _check(request: ProfileRequest) -> None:
    """What options are called otherwise than fields of a scenario, and what a preset is made from."""
    for option, value, least in (
        ("--seed", request.seed, 0),
        ("--replicates", request.replicates, 1),
        ("--iterations", request.iterations, 1),
    ):
        if value is not None and value < least:
            raise RequestError(f"{option}: expected at least {least}, found {value}")
    request.check_timeout()
    if request.isa == "all":
        raise RequestError("--isa: expected one instruction set, found all; profile one after the other")
