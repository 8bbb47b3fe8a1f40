"""What every command's exit code says; scripts of others depend on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """In the order of the contract; where several apply, the greatest."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        one = int.__new__(cls, code)
        one._value_ = code
        one.meaning = meaning
        return one

    OK = 0, "all scenarios are ok"
    FAILED = (
        1,
        "a scenario failed in its worker, the rest is reported; or what was measured could not be written or printed",
    )
    WRONG_REQUEST = 2, "the request is wrong or refused: one line says where and why, and nothing was measured"
    REGRESSION = 3, "`smjax regress` found something certainly slower, or with `--strict` something undecided"
    INTERRUPTED = 130, "interrupted by Ctrl-C; what was measured is kept and summarised"
    TERMINATED = 143, "ended by SIGTERM; what was measured is kept and summarised"
