"""What may be asked, for people: the same words in `smjax --help` and in the README."""

from __future__ import annotations

import textwrap

from smjax.sweep.request.job import RUN, Job
from smjax.sweep.request.keys import GROUP, Key, keys

_LEFT, _WIDTH = 29, 79


def explained(job: Job = RUN) -> str:
    """Every key with its default and its meaning, for a terminal of 80 columns."""
    return "\n".join(["overrides, as they are by default:", *(_entry(key) for key in keys(job).values())])


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


def _entry(key: Key) -> str:
    left = f"  {key.name}={key.default if ' ' not in key.default else 'DIR'}"
    lines = textwrap.wrap(meaning(key), _WIDTH - _LEFT, break_on_hyphens=False)
    lead = f"{left:<{_LEFT}}" if len(left) < _LEFT else f"{left}\n{'':<{_LEFT}}"
    return lead + f"\n{'':<{_LEFT}}".join(lines)


def _code(default: str) -> str:
    return default if " " in default else f"`{default}`"
