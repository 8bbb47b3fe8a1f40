"""What makes two worker processes replicates of each other: a digest of all that their figures depend on."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smjax.core.engines import EngineSpec, Host
from smjax.core.models.source import Model
from smjax.core.native_library import library_path
from smjax.core.records.alike import settings
from smjax.core.records.document import canonical_json
from smjax.core.records.resolved import Resolved
from smjax.sweep.request.resolve import engine_of

_PACKAGE = Path(__file__).resolve().parents[2]
_MEASURING = (
    *("worker/*.py", "worker/tasks", "worker/engines/*.py", "core/engines", "core/gguf", "core/machine", "core/models"),
    *("core/native_library.py", "core/native_probe.py"),
)
"""Files and folders in which a change can change a measurement, whatever the engine; a report's or a plan's cannot."""


def digest(described: Any) -> str:
    """A short name of everything that is described."""
    return hashlib.sha256(canonical_json(described).encode()).hexdigest()[:32]


def measuring_files(engine: EngineSpec) -> list[Path]:
    """Of smjax, those in which a change can change what is measured with the engine."""
    patterns = (*_MEASURING, f"worker/engines/{engine.name}", *engine.sources)
    return sorted({path for pattern in patterns for path in _python_files(pattern)})


@functools.cache
def sources(engine: EngineSpec) -> tuple[str, ...]:
    """A digest of each file that a measurement with the engine depends on, libraries among them."""
    libraries = [*filter(None, [library_path()]), *engine.libraries()]
    return tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in [*measuring_files(engine), *libraries])


def identity_parts(resolved: Resolved, model: Model, host: Host, prepared: Mapping[str, Any]) -> dict[str, str]:
    """What a replicate's identity is made of, each part as a digest or as it is."""
    engine = engine_of(resolved.scenario)
    return {
        "settings": digest([settings(resolved), prepared]),
        "weights": model.hash,
        "smjax's files": digest(sources(engine)),
        **{package: str(host["packages"].get(package)) for package in engine.packages},
        "host": host["host"],
        "machine": host.get("machine") or "",
    }


def _python_files(pattern: str) -> list[Path]:
    found = sorted(_PACKAGE.glob(pattern))
    return [path for one in found for path in ([one] if one.is_file() else one.rglob("*.py")) if path.suffix == ".py"]
