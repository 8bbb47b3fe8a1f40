"""How the host is asked: every question may stay unanswered (None), none of them raises."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path("/")
"""Where /proc and /sys are."""
_PATIENCE_S = 10.0


def read_text(path: Path) -> str | None:
    """Content of a file under /proc or /sys without surrounding blanks."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0 \t\n")
    except (OSError, ValueError):
        return None


def read_int(path: Path) -> int | None:
    """Content of a file that holds one number."""
    return to_int(read_text(path))


def to_int(text: str | None) -> int | None:
    """Decimal or 0x-prefixed number."""
    try:
        return None if text is None else int(text.strip(), 16 if "0x" in text.lower() else 10)
    except ValueError:
        return None


def output_of(command: list[str], environment: Mapping[str, str] | None = None) -> str | None:
    """What a command prints in the C locale; None when it is missing, fails or hangs."""
    variables = {**(os.environ if environment is None else environment), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def fields(lines: Iterable[str]) -> dict[str, str]:
    """`name : value` lines as a dict; the first of a repeated name counts."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found
