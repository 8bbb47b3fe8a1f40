"""Where what engines need is kept between sweeps: compiled programs, what their steps found out, presets as files."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.files import read_regular, write_whole
from smjax.core.records.document import canonical_json

FOUND_BYTES_MAX = 1 << 24
"""Of what a step may keep: many times a choice for each of a model's shapes."""


def cache_folder(engine: str, host: str, libraries: str) -> Path | None:
    """An engine's, apart for each kind of host and for what computes; None where nothing can be kept.

    JAX calls what it has compiled by its version, which two builds of jaxlib may share.
    """
    return _folder(engine, host, libraries[:16])


def is_writable() -> bool:
    """Whether anything can be kept."""
    return _folder() is not None


def models_folder() -> Path:
    """Where presets are as files; raises RequestError where nothing can be kept."""
    folder = _folder("models")
    if folder is None:
        fix = "set SMJAX_CACHE_DIR, or write the file yourself: smjax export --model NAME FILE.gguf"
        raise RequestError(f"model: expected a folder for a preset's file, found none that can be written; {fix}")
    return folder


def _folder(*names: str) -> Path | None:
    try:
        base = os.environ.get("SMJAX_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base, "smjax", *names)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def recall(path: Path) -> dict[str, Any] | None:
    """What a step found out before; None where there is nothing, or nothing that can be read."""
    try:
        found = json.loads(read_regular(path, FOUND_BYTES_MAX))
    except (RequestError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def remember(path: Path, found: dict[str, Any]) -> None:
    """Keep what a step found out; on a full disk the next sweep finds it out again."""
    with contextlib.suppress(RequestError):
        write_whole(path, canonical_json(found) + "\n")
