"""Text that others wrote (names, paths, flags, reasons), made fit for a line on a terminal or in a table."""

from __future__ import annotations

import re

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that show nothing and are neither controls nor formats to Unicode, which `isprintable` therefore takes."""


def printable(text: str, limit: int | None = 80) -> str:
    r"""`text` on one line, cut after `limit` characters, with an escape such as `\x1b` for each one that is not seen.

    That is every control (C0, DEL, C1), line and paragraph separator, bidirectional override and isolate, character of
    no width, surrogate without its other half, and every space but the plain one.
    """
    kept = text if limit is None else text[:limit]
    clean = kept if _is_clean(kept) else "".join(c if _is_clean(c) else _escape(c) for c in kept)
    return clean + "…" * (len(text) > len(kept))


def _is_clean(text: str) -> bool:
    return text.isprintable() and _INVISIBLE.search(text) is None


def _escape(character: str) -> str:
    short = repr(character)[1:-1]
    code = ord(character)
    return short if short != character else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
