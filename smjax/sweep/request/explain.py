"""What may be asked, for people: the same words in `smjax --help` and in the README."""

from __future__ import annotations

import textwrap

from smjax.sweep.request.keys import GROUP, Key, keys

EXAMPLES = """\
examples:
  smjax run -m threads=1,4 ctx=256,1024     a sweep, and the table of it
  smjax run model=FILE.gguf threads=2       a model of your own
  smjax run experiment=smoke                what CI runs, under a minute"""

_LEFT, _WIDTH = 29, 79


def explained() -> str:
    """Every key with its default and its meaning, for a terminal of 80 columns."""
    return "\n".join(["overrides, as they are by default:", *(_entry(key) for key in keys().values())])


def table() -> str:
    """The same as a Markdown table."""
    rows = (f"| `{key.name}` | {_code(key.default)} | {meaning(key)} |" for key in keys().values())
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
