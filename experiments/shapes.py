"""Shapes of models as files for every engine: all matrices in Q4_0, seeded weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smjax.core.models.export import export_model
from smjax.core.models.presets import PRESETS, PresetModel

SHAPES = {
    "d64-8l": replace(
        PRESETS["stories-15m"], d_model=64, n_layers=8, n_heads=16, n_kv_heads=16, head_dim=4, d_ff=256, n_vocab=50_272
    ),
    "stories-15m": PRESETS["stories-15m"],
    "stories-110m": PRESETS["stories-110m"],
    "tinyllama-1.1b": PRESETS["tinyllama-1.1b"],
}


def exported(shape: str, folder: Path) -> Path:
    """The shape's file in the folder, made where it is not there yet."""
    path = folder / f"{shape}.gguf"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        export_model(PresetModel(shape, SHAPES[shape], seed=42), path)
    return path
