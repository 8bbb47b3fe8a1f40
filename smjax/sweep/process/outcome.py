"""From how a worker ended to a status and one line that says why."""

from __future__ import annotations

import signal

from smjax.core.records.answer import Answer
from smjax.core.records.columns import STATUSES
from smjax.core.text import printable
from smjax.sweep.process.conversation import START, Conversation

_REASON_CHARACTERS = 500


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
    if conversation.has_hung_up:
        found = f"found that it closed its output in phase {conversation.phase}"
        return "failed", f"expected an answer from the worker, {found}; stopped"
    if returncode < 0:
        return "killed", _shortened(
            f"killed by {_signal_name(-returncode)} in phase {conversation.phase}", said, -returncode
        )
    if returncode > 0:
        return "failed", _one_line(_exited(conversation, returncode, said))
    found = f"found {conversation.stray[:80]!r}" if conversation.stray else "found none"
    return "failed", f"expected an answer from the worker, {found}{_by_itself(conversation, returncode)}"


def _exited(conversation: Conversation, returncode: int, said: str) -> str:
    """What it said last, if that says why: as Python does that ends with an exception, or what is no worker at all."""
    last = said or conversation.stray
    if last and (returncode == 1 or conversation.phase == START):
        return last
    what = f"the worker exited with {returncode}"
    if conversation.phase != START:
        what += f" in phase {conversation.phase}"
    return f"{what}: {last}" if last else f"{what} and said nothing"


def _by_itself(conversation: Conversation, returncode: int) -> str:
    """What ended a worker that was under way, without a word of its own: an engine."""
    return "" if conversation.phase == START else f"; it exited with {returncode} in phase {conversation.phase}"


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
