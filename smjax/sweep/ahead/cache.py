"""Where what engines prepare is kept between sweeps: compiled programs, and what their steps found out."""

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


def cache_folder(engine: str, host: str) -> Path | None:
    """An engine's, apart for each kind of host; None where nothing can be kept."""
    try:
        base = os.environ.get("SMJAX_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "smjax" / engine / host
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
