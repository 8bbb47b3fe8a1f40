"""What stands where in the text of a compiled program: the entry, the body of its loop, and what depends on what.

References: https://openxla.org/xla/hlo_text_format (via `jax.stages.Compiled.as_text`)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMPUTATION = re.compile(r"^(ENTRY )?%(\S+) \(.*\{$")
_INSTRUCTION = re.compile(r"^\s+(ROOT )?%(\S+) = (.+?) ([a-z][a-z0-9-]*)\((.*)$")
MOVES = {"parameter", "tuple", "get-tuple-element", "bitcast", "copy", "constant"}
"""Opcodes that compute nothing."""


@dataclass(frozen=True)
class Instruction:
    name: str
    result: str
    opcode: str
    operands: tuple[str, ...]
    text: str
    is_root: bool

    @property
    def place(self) -> str:
        """`index=3` of an element of a tuple."""
        found = re.search(r"\bindex=\d+", self.text)
        return found[0] if found else ""


Computation = dict[str, Instruction]


def computations(text: str) -> dict[str, Computation]:
    """All by name; the entry is called ENTRY."""
    found: dict[str, Computation] = {}
    for line in text.splitlines():
        if head := _COMPUTATION.match(line):
            current: Computation = found.setdefault("ENTRY" if head[1] else head[2], {})
        elif parts := _INSTRUCTION.match(line):
            operands = tuple(re.findall(r"%([\w.\-]+)", parts[5].partition(")")[0]))
            current[parts[2]] = Instruction(parts[2], parts[3], parts[4], operands, line, bool(parts[1]))
    return found


def counting_loop(found: dict[str, Computation]) -> Computation:
    """The body of the one loop of the entry."""
    (loop,) = [one for one in found["ENTRY"].values() if one.opcode == "while"]
    body = re.search(r"body=%([\w.\-]+)", loop.text)
    assert body is not None
    return found[body[1]]


def needs(computation: Computation, name: str) -> set[str]:
    """The names of all that an instruction depends on, itself included."""
    seen, left = set[str](), [name]
    while left:
        one = left.pop()
        if one not in seen and one in computation:
            seen.add(one)
            left += computation[one].operands
    return seen


def reach(found: dict[str, Computation], computation: Computation) -> str:
    """The text of a computation and of all that it calls."""
    seen, left, texts = set[str](), [computation], []
    while left:
        lines = "\n".join(one.text for one in left.pop().values())
        texts.append(lines)
        for name in re.findall(r"(?:calls|to_apply|body|condition)=%([\w.\-]+)", lines):
            if name not in seen:
                seen.add(name)
                left.append(found[name])
    return "\n".join(texts)
