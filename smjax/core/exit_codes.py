"""What every command's exit code says; scripts of others depend on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """In the order of the contract; where several apply, the greatest."""

    OK = 0
    FAILED = 1
    """A scenario failed in its worker, or what was measured could not be written or printed."""
    WRONG_REQUEST = 2
    """Nothing was measured."""
    REGRESSION = 3
    INTERRUPTED = 130
    """By Ctrl-C; what was measured is kept and summarised."""
    TERMINATED = 143
    """By SIGTERM; likewise."""
