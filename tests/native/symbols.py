"""What a compiled file of one instruction set may define and need."""

from __future__ import annotations

import subprocess
from pathlib import Path


def output(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stays_in_its_namespace(isa: str, compiled: Path) -> None:
    symbols = output("nm", "-C", "--defined-only", "--extern-only", "--format=posix", compiled).splitlines()
    names = [line.rsplit(" ", 3)[0] for line in symbols]
    assert f"smjax::{isa}::kernel" in names
    # A function of std for a type of ours is nobody else's either.
    assert [name for name in names if f"smjax::{isa}::" not in name] == []
    imported = output("nm", "-C", "--undefined-only", compiled).split()
    assert {name for name in imported if name != "U"} <= {"memcpy", "memset", "memmove", "nearbyintf"}
