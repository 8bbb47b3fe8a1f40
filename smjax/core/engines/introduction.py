"""What this interpreter says of itself: of its smjax, its packages, and what each engine has and takes here."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from smjax.core.engines import ENGINES, EngineSpec, Host, complaints
from smjax.core.errors import RequestError
from smjax.core.native_library import library_path
from smjax.core.records.document import digest
from smjax.core.records.hello import EngineThere, Hello, KernelThere
from smjax.core.text import printable

_PACKAGE = Path(__file__).resolve().parents[2]
_MEASURING = (
    *("worker/*.py", "worker/tasks", "worker/engines/*.py", "core/engines", "core/gguf", "core/machine", "core/models"),
    *("core/native_library.py", "core/native_probe.py"),
)
"""Files and folders in which a change can change a measurement, whatever the engine; a report's or a plan's cannot."""


def introduce(host: Host, engines: Iterable[str]) -> Hello:
    """What this interpreter says of itself on `host`, and of those of the `engines` that it knows."""
    packages = dict(host.get("packages") or {})
    return Hello(
        smjax=packages.get("smjax") or "unknown",
        python=host.get("python") or "",
        packages=packages,
        git=dict(host.get("git") or {}),
        known=tuple(ENGINES),
        complaints=dict(complaints()),
        engines={name: _engine(ENGINES[name], host) for name in engines if name in ENGINES},
    )


def _engine(spec: EngineSpec, host: Host) -> EngineThere:
    return EngineThere(
        missing=tuple(name for name in spec.modules if not _is_there(name)),
        kernels={kernel.name: KernelThere(kernel.isas(host), kernel.why_missing() or "") for kernel in spec.kernels},
        kv_dtypes=spec.kv_dtypes,
        arguments={argument.name: argument.values for argument in spec.arguments},
        packages=spec.packages,
        module=spec.module,
        files=_files(spec),
        libraries=_libraries(spec),
    )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # what it is in cannot be imported
        return False


def measuring_files(engine: EngineSpec) -> list[Path]:
    """Of smjax, those in which a change can change what is measured with the engine."""
    patterns = (*_MEASURING, f"worker/engines/{engine.name}", *engine.sources)
    return sorted({path for pattern in patterns for path in _python_files(pattern)})


def _python_files(pattern: str) -> list[Path]:
    found = sorted(_PACKAGE.glob(pattern))
    return [path for one in found for path in ([one] if one.is_file() else one.rglob("*.py")) if path.suffix == ".py"]


@functools.cache
def _files(engine: EngineSpec) -> str:
    return digest([_content(path) for path in measuring_files(engine)])


@functools.cache
def _libraries(engine: EngineSpec) -> str:
    files = [*filter(None, [library_path()]), *engine.libraries()]
    return digest([*map(_content, files), *map(_installed, engine.packages)])


def _content(path: Path) -> str:
    """A digest of a file that figures depend on; RequestError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        expected = f"{printable(str(path), 500)}: expected a file that can be read, as figures depend on it"
        raise RequestError(f"{expected}, found '{error.strerror}'; install its package anew") from error


def _installed(package: str) -> list[str]:
    """What tells two builds of one version apart: digests of their files, as the installer noted them, else places."""
    try:
        found = distribution(package)
    except PackageNotFoundError:
        return []
    noted = (line for line in (found.read_text("RECORD") or "").splitlines() if "sha256=" in line)
    own = sorted(line for line in noted if not line.startswith("..") and ".dist-info/" not in line)
    return own or [str(found.locate_file(""))]
