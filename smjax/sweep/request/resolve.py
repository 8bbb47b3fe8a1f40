"""Everything that a scenario leaves open is chosen here, once: kernel, instruction set, KV type, environment."""

from __future__ import annotations

from dataclasses import replace

from smjax.core.engines import ENGINES, EngineSpec, Host, complaints
from smjax.core.engines.introduction import introduce
from smjax.core.errors import RequestError
from smjax.core.machine.simd import limited_simd
from smjax.core.models.export import EXPORTED
from smjax.core.records.hello import EngineThere, Hello
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario

ALL, AUTO = "all", "auto"


def expand(scenario: Scenario, host: Host, there: Hello | None = None) -> list[Scenario]:
    """The scenario for each kernel and instruction set that its interpreter has, where it says `all`."""
    there = there or introduce(host, [scenario.engine])
    available = _available(_engine_there(scenario, there))
    has_isas = [kernel for kernel in available if available[kernel]] or [AUTO]
    kernels = has_isas if scenario.kernel == ALL else [scenario.kernel]
    if scenario.isa != ALL:
        return [replace(scenario, kernel=kernel) for kernel in kernels]
    return [
        replace(scenario, kernel=kernel, isa=isa)
        for kernel in kernels
        for isa in available[resolve(replace(scenario, kernel=kernel, isa=AUTO), host, there).kernel] or [AUTO]
    ]


def resolve(scenario: Scenario, host: Host, there: Hello | None = None) -> Resolved:
    """The scenario with nothing left open, its engine's arguments all named.

    Raises RequestError where this host, or the interpreter `there` (by default this one), cannot serve it.

    `kernel=auto` is the best kernel that is fit for the instruction set asked for, `isa=auto` the best there is.
    """
    spec, engine = engine_of(scenario), _engine_there(scenario, there or introduce(host, [scenario.engine]))
    if engine.missing:
        found = f"{spec.name} without {', '.join(engine.missing)}{_in(scenario)}"
        raise RequestError(f"engine: expected one that is installed, found {found}; {spec.install}")
    _check_words(scenario, spec, engine)
    scenario = replace(scenario, engine_args=_spelt_out(scenario, spec, engine))
    kernel, isa = _kernel_and_isa(scenario, spec, engine)
    kv_dtype = spec.kernel(kernel).kv_dtype if scenario.kv_dtype == AUTO else scenario.kv_dtype
    simd = tuple(limited_simd(host["cpu"]["simd"], isa))
    chosen = Resolved(scenario, kernel, isa, simd, kv_dtype, module=engine.module, is_client=spec.is_client)
    return replace(chosen, variables=tuple(sorted(spec.variables(chosen).items())))


def engine_of(scenario: Scenario) -> EngineSpec:
    """The scenario's engine; raises RequestError for one that there is not, or that is left out."""
    if scenario.engine not in ENGINES:
        unknown = f"engine: expected one of {', '.join(ENGINES)}, found {scenario.engine}"
        raise RequestError(complaints().get(scenario.engine, unknown))
    return ENGINES[scenario.engine]


def passed_over(scenario: Scenario, host: Host, there: Hello) -> str | None:
    """One line for whoever left the kernel open and does not get the best one: which, and why not; else None."""
    spec, engine = engine_of(scenario), _engine_there(scenario, there)
    if scenario.kernel != AUTO:
        return None
    best, used = spec.kernels[0].name, _by_preference(spec, _available(engine), AUTO)[0]
    if used == best:
        return None
    lacking = f"it has no instruction set for this {host['cpu']['arch']} CPU"
    why = engine.kernels[best].missing or lacking if best in engine.kernels else f"smjax {there.smjax} has none"
    return f"kernel: using {used}, not {best}{_in(scenario)}, which decodes about twice as fast: {why}"


def _engine_there(scenario: Scenario, there: Hello) -> EngineThere:
    """What its interpreter has of the scenario's engine; RequestError where the smjax of either side knows none."""
    name = engine_of(scenario).name
    if name not in there.engines:
        known = f"one of {', '.join(there.known)} with smjax {there.smjax}{_in(scenario)}"
        raise RequestError(there.complaints.get(name, f"engine: expected {known}, found {name}"))
    return there.engines[name]


def _in(scenario: Scenario) -> str:
    """Where, if that is not here."""
    return f" in {scenario.python}" if scenario.python else ""


def _check_words(scenario: Scenario, spec: EngineSpec, engine: EngineThere) -> None:
    kernels = [kernel.name for kernel in spec.kernels if kernel.name in engine.kernels]
    kv_dtypes = [kv_dtype for kv_dtype in spec.kv_dtypes if kv_dtype in engine.kv_dtypes]
    for name, found, known in (
        ("kernel", scenario.kernel, [AUTO, *reversed(kernels)]),
        ("kv_dtype", scenario.kv_dtype, [AUTO, *kv_dtypes]),
    ):
        if found not in known:
            raise RequestError(f"{name}: expected one of {', '.join(known)}{_in(scenario)}, found {found}")
    if not scenario.points:
        _check_model(scenario, spec)


def _spelt_out(scenario: Scenario, spec: EngineSpec, engine: EngineThere) -> dict[str, str]:
    """All arguments that the engine has there, with their values or defaults; others are another engine's.

    Raises RequestError for a value that it does not take, and for an argument that only another smjax's has.
    """
    asked, where = scenario.engine_args, f"with engine={spec.name}{_in(scenario)}"
    for name in (one.name for one in spec.arguments if one.name in asked and one.name not in engine.arguments):
        raise RequestError(f"engine_args.{name}: expected none {where}, found {asked[name]}; its smjax has none")
    left_open = {
        name: values[0] if values else spec.defaults.get(name, "") for name, values in engine.arguments.items()
    }
    given = {name: asked.get(name, default) for name, default in left_open.items()}
    for name, values in engine.arguments.items():
        if values and given[name] not in values:
            raise RequestError(f"engine_args.{name}: expected one of {', '.join(values)} {where}, found {given[name]}")
    return given


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


def _kernel_and_isa(scenario: Scenario, spec: EngineSpec, engine: EngineThere) -> tuple[str, str]:
    available, asked = _available(engine), engine.kernels.get(scenario.kernel)
    if asked is not None and asked.missing:
        others = "".join(f"; or use kernel={name}" for name in available if name != scenario.kernel)
        found = f"{scenario.kernel}{_in(scenario)}: {asked.missing}{others}"
        raise RequestError(f"kernel: expected one that is installed, found {found}")
    kernels = [scenario.kernel] if asked is not None else _by_preference(spec, available, scenario.isa)
    if not kernels:
        expected = f"kernel: expected one of engine={spec.name}{_in(scenario)} that is fit for isa={scenario.isa}"
        raise RequestError(f"{expected}, found {', '.join(available) or 'none'}")
    for kernel in kernels:
        if scenario.isa == AUTO:
            return kernel, next(iter(available[kernel]), AUTO)
        if scenario.isa in available[kernel]:
            return kernel, scenario.isa
    known = [AUTO, *dict.fromkeys(isa for kernel in kernels for isa in reversed(available[kernel]))]
    raise RequestError(f"isa: expected one that this CPU runs, {', '.join(known)}, found {scenario.isa}")


def _by_preference(spec: EngineSpec, available: dict[str, tuple[str, ...]], isa: str) -> list[str]:
    known = (kernel for kernel in spec.kernels if kernel.name in available)
    return [kernel.name for kernel in known if kernel.fit_for(available[kernel.name], isa)]


def _available(engine: EngineThere) -> dict[str, tuple[str, ...]]:
    """Instruction sets of each kernel there, best first."""
    return {name: kernel.isas for name, kernel in engine.kernels.items()}
