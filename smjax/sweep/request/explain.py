"""What may be asked, for people: the same words in `smjax run --help` and in the README."""

from __future__ import annotations

import textwrap

from smjax.sweep.request.job import RUN, Job
from smjax.sweep.request.keys import GROUP, Key, keys

_LEFT = 29
_ROOMS = {
    "engine_args": "of one engine:",
    "measure": "how long and how often:",
    "report": "what the table is set beside:",
    "experiment": "studies:",
    "hydra": "the folder:",
}
"""What keys are about that begin so; the others say what is measured."""


def explained(job: Job = RUN, width: int = 79) -> str:
    """Every key with its default and its meaning, for a terminal of so many columns, by what they are about."""
    parts: dict[str, list[str]] = {}
    for key in keys(job).values():
        title = _ROOMS.get(key.name.partition(".")[0], "overrides, as they are by default:")
        parts.setdefault(title, [title]).append(_entry(key, width))
    return "\n\n".join("\n".join(part) for part in parts.values())


def table(job: Job = RUN) -> str:
    """The same as a Markdown table."""
    rows = (f"| `{key.name}` | {_code(key.default)} | {meaning(key)} |" for key in keys(job).values())
    return "\n".join(["| override | default | meaning |", "| --- | --- | --- |", *rows, ""])


def meaning(key: Key) -> str:
    """What a key means, and by which names where there are any."""
    if key.kind == GROUP or key.names:
        names = ", ".join(name for name in key.names if name != "gguf")
        return f"{key.meaning} ({names})"
    return key.meaning


def _entry(key: Key, width: int) -> str:
    left = f"  {key.name}={key.default if ' ' not in key.default else 'DIR'}"
    lines = textwrap.wrap(meaning(key), width - _LEFT, break_on_hyphens=False)
    lead = f"{left:<{_LEFT}}" if len(left) < _LEFT else f"{left}\n{'':<{_LEFT}}"
    return lead + f"\n{'':<{_LEFT}}".join(lines)


def _code(default: str) -> str:
    return default if " " in default else f"`{default}`"
