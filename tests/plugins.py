"""Packages as `pip install` leaves them, in a folder that goes on the path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SPEC = """
from smjax.core.engines import ArgumentSpec, EngineSpec, KernelSpec, StepAhead

SPEC = EngineSpec(
    name="toy",
    packages=(),
    modules=(),
    install="pip install toy-engine",
    kernels=(KernelSpec("table", lambda host: (), "none"),),
    kv_dtypes=("none",),
    model_formats=("preset", "gguf"),
    worker_bytes=50e6,
    module="toy.engine",
)
"""
"""Of an engine called `toy`, whose `make` is in `toy/engine.py`."""


def install(
    place: Path,
    sources: Mapping[str, str],
    entries: str = "toy = toy:SPEC",
    distribution: str = "toy_engine",
    version: str = "1.0",
) -> Path:
    """Write the modules and the metadata of a distribution with these engines; returns the folder."""
    for name, source in sources.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(source)
    metadata = place / f"{distribution}-{version}.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (metadata / "entry_points.txt").write_text(f"[smjax.engines]\n{entries}\n")
    return place
