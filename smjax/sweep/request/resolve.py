"""Everything that a scenario leaves open is chosen here, once: kernel, instruction set, KV type, environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from smjax.core.engines import ENGINES, EngineSpec, Host, complaints
from smjax.core.errors import RequestError
from smjax.core.machine.simd import limited_simd
from smjax.core.models.export import EXPORTED
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario

ALL, AUTO = "all", "auto"


def expand(scenario: Scenario, host: Host) -> list[Scenario]:
    """The scenario for each kernel and instruction set that there is here, where it says `all`."""
    available = _available(engine_of(scenario), host)
    has_isas = [kernel for kernel in available if available[kernel]] or [AUTO]
    kernels = has_isas if scenario.kernel == ALL else [scenario.kernel]
    if scenario.isa != ALL:
        return [replace(scenario, kernel=kernel) for kernel in kernels]
    return [
        replace(scenario, kernel=kernel, isa=isa)
        for kernel in kernels
        for isa in available[resolve(replace(scenario, kernel=kernel, isa=AUTO), host).kernel] or [AUTO]
    ]


def resolve(scenario: Scenario, host: Host) -> Resolved:
    """The scenario with nothing left open, its engine's arguments all named.

    Raises RequestError where this host or installation cannot serve it.

    `kernel=auto` is the best kernel that is fit for the instruction set asked for, `isa=auto` the best there is.
    """
    spec = engine_of(scenario)
    spec.check_installed()
    _check_words(scenario, spec)
    scenario = replace(scenario, engine_args=spec.spelt_out(scenario.engine_args))
    kernel, isa = _kernel_and_isa(scenario, spec, host)
    kv_dtype = spec.kernel(kernel).kv_dtype if scenario.kv_dtype == AUTO else scenario.kv_dtype
    simd = tuple(limited_simd(host["cpu"]["simd"], isa))
    chosen = Resolved(scenario, kernel, isa, simd, kv_dtype, module=spec.module)
    return replace(chosen, variables=tuple(sorted(spec.variables(chosen).items())))


def engine_of(scenario: Scenario) -> EngineSpec:
    """The scenario's engine; raises RequestError for one that there is not, or that is left out."""
    if scenario.engine not in ENGINES:
        unknown = f"engine: expected one of {', '.join(ENGINES)}, found {scenario.engine}"
        raise RequestError(complaints().get(scenario.engine, unknown))
    return ENGINES[scenario.engine]


def passed_over(scenarios: Sequence[Scenario], host: Host) -> str | None:
    """One line for whoever left the kernel open and does not get the best one: which, and why not; else None."""
    for spec in dict.fromkeys(engine_of(scenario) for scenario in scenarios if scenario.kernel == AUTO):
        best, used = spec.kernels[0], _by_preference(spec, _available(spec, host), AUTO)[0]
        if used != best.name:
            why = best.why_missing() or f"it has no instruction set for this {host['cpu']['arch']} CPU"
            return f"kernel: using {used}, not {best.name}: {why}"
    return None


def _check_words(scenario: Scenario, spec: EngineSpec) -> None:
    kernels = [kernel.name for kernel in spec.kernels]
    for name, found, known in (
        ("kernel", scenario.kernel, [AUTO, *reversed(kernels)]),
        ("kv_dtype", scenario.kv_dtype, [AUTO, *spec.kv_dtypes]),
    ):
        if found not in known:
            raise RequestError(f"{name}: expected one of {', '.join(known)}, found {found}")
    _check_model(scenario, spec)


def _check_model(scenario: Scenario, spec: EngineSpec) -> None:
    known = " or ".join(spec.model_formats)
    if needs_export(scenario):
        if scenario.model in EXPORTED:
            return
        known = f"one of {', '.join(EXPORTED)} or a GGUF file"
    elif ("preset" if scenario.model_path is None else "gguf") in spec.model_formats:
        return
    raise RequestError(f"model: expected {known} with engine={spec.name}, found {scenario.model}")


def needs_export(scenario: Scenario) -> bool:
    """Whether its model is a preset, and its engine reads files alone."""
    return scenario.model_path is None and engine_of(scenario).model_formats == ("gguf",)


def _kernel_and_isa(scenario: Scenario, spec: EngineSpec, host: Host) -> tuple[str, str]:
    available = _available(spec, host)
    asked = next((kernel for kernel in spec.kernels if kernel.name == scenario.kernel), None)
    if asked is not None and (missing := asked.why_missing()):
        others = "".join(f"; or use kernel={kernel.name}" for kernel in spec.kernels if kernel is not asked)
        raise RequestError(f"kernel: expected one that is installed, found {asked.name}: {missing}{others}")
    kernels = [asked.name] if asked is not None else _by_preference(spec, available, scenario.isa)
    for kernel in kernels:
        if scenario.isa == AUTO:
            return kernel, next(iter(available[kernel]), AUTO)
        if scenario.isa in available[kernel]:
            return kernel, scenario.isa
    known = [AUTO, *dict.fromkeys(isa for kernel in kernels for isa in reversed(available[kernel]))]
    raise RequestError(f"isa: expected one that this CPU runs, {', '.join(known)}, found {scenario.isa}")


def _by_preference(spec: EngineSpec, available: dict[str, tuple[str, ...]], isa: str) -> list[str]:
    return [kernel.name for kernel in spec.kernels if kernel.fit_for(available[kernel.name], isa)]


def _available(spec: EngineSpec, host: Host) -> dict[str, tuple[str, ...]]:
    """Instruction sets of each kernel here, best first."""
    return {kernel.name: kernel.isas(host) for kernel in spec.kernels}
