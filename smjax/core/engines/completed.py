"""What a third party's spec need not say itself: where its `make` is, whose it is, and what follows where it raises."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from smjax.core.engines.spec import EngineSpec, Versions
from smjax.core.errors import RequestError
from smjax.core.records.resolved import Resolved

P = ParamSpec("P")
T = TypeVar("T")


def complete(spec: EngineSpec, module: str, distribution: str) -> EngineSpec:
    """The spec that was found in `module` of `distribution`.

    The distribution's version is recorded, and all files of its package are part of a process's identity, as it may be
    installed such that they change under one version.
    """
    module = spec.module or module
    guarded = functools.partial(_guarded, f"engine={spec.name}, of {distribution}")

    def variables(resolved: Resolved) -> dict[str, str]:
        return {str(name): str(value) for name, value in spec.variables(resolved).items()}

    def libraries() -> tuple[Path, ...]:
        return tuple(dict.fromkeys([*package_files(module), *spec.libraries()]))

    def build(versions: Versions) -> tuple[str, ...]:
        try:
            return tuple(map(str, spec.build(versions)))
        except Exception as error:  # it is asked when all is measured
            return (f"of a build that its spec does not tell ({type(error).__name__})",)

    return replace(
        spec,
        module=module,
        packages=tuple(dict.fromkeys([*spec.packages, distribution])),
        kernels=tuple(
            replace(one, isas=guarded(one.isas), why_missing=guarded(one.why_missing), fit_for=guarded(one.fit_for))
            for one in spec.kernels
        ),
        ahead=tuple(replace(step, wanted=guarded(step.wanted)) for step in spec.ahead),
        why_not=guarded(spec.why_not),
        is_elsewhere=guarded(spec.is_elsewhere),
        variables=guarded(variables),
        libraries=guarded(libraries),
        build=build,
    )


def package_files(module: str) -> list[Path]:
    """All files of the package that a module is in, or the module's own; it is found without being imported."""
    root = importlib.util.find_spec(module.partition(".")[0])
    if root is None:
        raise ModuleNotFoundError(f"No module named {module.partition('.')[0]!r}")
    if root.submodule_search_locations is None:
        return [Path(str(root.origin))]
    every = [path for place in root.submodule_search_locations for path in Path(place).rglob("*")]
    return sorted(path for path in every if path.is_file() and path.suffix != ".pyc")


def _guarded(who: str, function: Callable[P, T]) -> Callable[P, T]:
    """The function of a spec, whose exceptions say whose they are, in one line."""

    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except RequestError:
            raise
        except Exception as error:
            found = f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
            raise RequestError(f"{who}: expected an answer of its spec, found {found}; repair it") from error

    return guarded
