"""Texts and names of files as they stand, whatever Hydra's grammar would make of their commas, quotes and dollars."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

_QUOTED = re.compile(r"""\s*(['"])((?:\\.|(?!\1).)*)\1\s*""", re.DOTALL)


def quoted(text: str) -> str:
    """`text` in Hydra's grammar: an element that means this text and nothing else."""
    body = re.sub(r"(\\*)'", lambda found: found[1] * 2 + r"\'", uninterpolated(text))
    return f"'{body}{_ending_backslashes(body)}'"


def uninterpolated(text: str) -> str:
    r"""`text` as a value of OmegaConf that means this text: `${` becomes `\${`, backslashes before it are doubled."""
    return re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + r"\${", text)


def unquoted(text: str) -> str:
    """What is meant by a text that may be in quotes, for whoever quotes as Hydra wants it."""
    found = _QUOTED.fullmatch(text)
    if found is None:
        return text
    text = re.sub(rf"(\\+){found[1]}", lambda one: one[1][: len(one[1]) // 2] + found[1], found[2])
    return text[: len(text) - len(_ending_backslashes(text)) // 2]


def file_names(value: str, is_sweep: bool, others: Iterable[str] = ()) -> list[str]:
    """The files (or `others`) that a value names: one, unless a sweep's value is no file as a whole.

    Then it is split at its commas, but not inside of a name that exists: `a,b.gguf,c.gguf` may be two.
    """
    if not is_sweep or exists(value):
        return [_spelt(value if exists(value) else unquoted(value))]
    inside = re.fullmatch(r"\s*choice\((.*)\)\s*", value, re.DOTALL)
    return [name if name in set(others) else _spelt(name) for name in _split(inside[1] if inside else value, exists)]


def texts(value: str, is_sweep: bool) -> list[str]:
    """The texts that a value means: one, or in a sweep those between its commas that are not in quotes."""
    return _split(value, lambda text: False) if is_sweep else [unquoted(value)]


def _split(value: str, is_whole: Callable[[str], bool]) -> list[str]:
    """At its commas, but not inside of what is whole."""
    names, rest = [], value
    while True:
        name, used = _first(rest, is_whole)
        names.append(name)
        if used >= len(rest):
            return names
        rest = rest[used + 1 :]


def _first(value: str, is_whole: Callable[[str], bool]) -> tuple[str, int]:
    """The first name of a list, and how many characters of it are used."""
    ends = [found.start() for found in re.finditer(",", value)] + [len(value)]
    for end in reversed(ends):
        if is_whole(value[:end]):
            return value[:end], end
    in_quotes = _QUOTED.match(value)
    if in_quotes and in_quotes.end() in ends:
        return unquoted(in_quotes[0]), in_quotes.end()
    return value[: ends[0]], ends[0]


def exists(name: str) -> bool:
    """Whether there is a file or a folder of this name."""
    try:
        return name != "" and Path(name).exists()
    except (OSError, ValueError):
        return False


def _spelt(name: str) -> str:
    """Shells leave a `~` alone that stands after a `=`, and `???` is how OmegaConf writes that there is no value."""
    if name == "???":
        return "./???"
    return os.path.expanduser(name) if name.startswith("~/") and not exists(name) else name  # noqa: PTH111


def _ending_backslashes(text: str) -> str:
    return "\\" * (len(text) - len(text.rstrip("\\")))


def joined(names: Sequence[str]) -> str:
    """A sweep over them, or the one."""
    return ",".join(map(quoted, names))
