"""From how a worker ended to a status and one line that says why."""

from __future__ import annotations

import os
import re
import signal
from typing import IO

from smjax.core.records.answer import Answer
from smjax.core.records.columns import STATUSES
from smjax.core.text import printable
from smjax.sweep.process.conversation import Conversation

_TAIL_BYTES = 1 << 14
_REASON_CHARACTERS = 500
_AFTERWARDS = re.compile(r"\s*@ +0x|\*\*\* |usage: |Try [`']")
"""What XLA, and programs that do not know an option, print below the line that says why they gave up."""


def judge(conversation: Conversation, returncode: int, said: str, timeout_s: float) -> tuple[str, str]:
    """Status and reason of a worker that has ended with `returncode`; `said` is the last line of its stderr."""
    if conversation.answer is not None:
        return _answered(conversation.answer)
    if conversation.misunderstood:
        return "refused", conversation.misunderstood
    if conversation.timed_out:
        return (
            "timeout",
            f"took longer than measure.timeout_s = {timeout_s:g} s, in phase {conversation.phase}; stopped",
        )
    if returncode < 0:
        return "killed", _shortened(
            f"killed by {_signal_name(-returncode)} in phase {conversation.phase}", said, -returncode
        )
    if returncode > 0:
        return "failed", _one_line(
            said or conversation.stray or f"the worker exited with {returncode} and said nothing"
        )
    found = f"found {conversation.stray[:80]!r}" if conversation.stray else "found none"
    return "failed", f"expected an answer from the worker, {found}"


def last_line(stderr: IO[bytes]) -> str:
    """The last line of what a worker wrote on its stderr, without reading all of it, that says why it ended."""
    size_bytes = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size_bytes - _TAIL_BYTES))
    lines = stderr.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip() and not _AFTERWARDS.match(line)), "")


def _answered(answer: Answer) -> tuple[str, str]:
    if answer.status not in STATUSES:
        return "failed", f"expected a status of {', '.join(STATUSES)} from the worker, found {answer.status[:40]!r}"
    return answer.status, _one_line(answer.reason) or ("" if answer.status == "ok" else "the worker gave no reason")


def _shortened(what: str, said: str, number: int) -> str:
    if number == signal.SIGKILL:
        return f"{what}; out of memory?"
    return _one_line(f"{what}: {said}" if said else what)


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({number})"
    except ValueError:
        return f"signal {number}"


def _one_line(text: str) -> str:
    return printable(" ".join(text.split())[:_REASON_CHARACTERS], limit=None)
