"""How a run was asked for, as a shell takes it, to be asked for again with a change."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CommandLine:
    """What runs a job, which, and its overrides as they were typed."""

    program: str
    """See `program`."""
    job: str
    """`run` or `micro`."""
    overrides: tuple[str, ...] = ()
    is_sweep: bool = False

    def having(self, key: str, *values: object) -> str:
        """The same into a fresh folder, with other values of a key, and nothing below that key."""
        kept = [one for one in self.overrides if not _is_below(one, key) and not _is_below(one, "hydra")]
        words = [*kept, f"{key}={','.join(map(str, values))}"]
        return self.to(self.job, *(["-m"] if self.is_sweep or len(values) > 1 else []), *words)

    def to(self, command: str, *words: object) -> str:
        """Another command of the same smjax."""
        return f"{self.program} {command} {shlex.join(map(str, words))}".rstrip()

    def names(self, key: str) -> bool:
        """Whether it asks for a value of the key, or one below it."""
        return any(_is_below(one, key) for one in self.overrides)


def _is_below(override: str, key: str) -> bool:
    name = override.lstrip("+").partition("=")[0].strip()
    return name == key or name.startswith(f"{key}.")


def program() -> str:
    """What a shell in the current folder starts this smjax by: as it was typed, or by its interpreter."""
    script, python, here = sys.argv[0], Path(sys.executable), Path.cwd()
    if shutil.which("smjax") in (script, str(python.with_name("smjax"))):
        return "smjax"
    if Path(script).name == "smjax":
        return shlex.quote(script)
    return f"{shlex.quote(str(python.relative_to(here) if python.is_relative_to(here) else python))} -m smjax"
