"""Which machine this is among others of its type: a random id that smjax makes once, no serial number of anything."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

import platformdirs

VARIABLE = "SMJAX_MACHINE"
"""What the id is where there is no folder that stays, as in a container."""
_FILE = "machine"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def machine_id(folder: Path | None = None) -> str:
    """The machine's id: `VARIABLE`'s if it is set, else the one in `folder` (the user's state folder of smjax).

    It is made where there is none; empty where it can neither be read nor kept.
    """
    named = os.environ.get(VARIABLE)
    if named is not None:
        return named if _ID.fullmatch(named) else ""
    path = (folder or platformdirs.user_state_path("smjax")) / _FILE
    return _kept(path) or _made(path)


def _made(path: Path) -> str:
    """A new id, or that of another process which was faster."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{_FILE}.{os.getpid()}")
        try:
            beside.write_text(f"{secrets.token_hex(6)}\n", encoding="ascii")
            with contextlib.suppress(FileExistsError):
                os.link(beside, path)  # all of it or nothing, and only one of those who try
        finally:
            beside.unlink(missing_ok=True)
    except OSError:
        return ""
    return _kept(path)


def _kept(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(100).decode("ascii").strip()
    except (OSError, ValueError):
        return ""
    return text if _ID.fullmatch(text) else ""
