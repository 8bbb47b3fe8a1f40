"""Why the CPU's events cannot be counted is one line with what to do, whatever the system says."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from smjax.core import native_counters
from smjax.core.native_counters import SOFTWARE, CountedEvent, meaning_of, why_not_counted
from smjax.core.native_library import library

needs_linux = pytest.mark.skipif(sys.platform != "linux" or library() is None, reason="only Linux is asked")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (0, ""),
        (errno.ENOENT, "as most virtual ones, shows no counters of its CPU: use one that does"),
        (errno.EOPNOTSUPP, "as most virtual ones, shows no counters of its CPU: use one that does"),
        (errno.EACCES, "with kernel.perf_event_paranoid=3; set it to 2 or less, or grant CAP_PERFMON"),
        (errno.ENOSYS, "has no such call"),
        (errno.EMFILE, "perf_event_open: Too many open files"),
    ],
)
def test_an_error_means_something_to_do(wrong: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "paranoid").write_text("3\n")
    monkeypatch.setattr(native_counters, "_PARANOID", tmp_path / "paranoid")
    assert meaning_of(wrong).endswith(said)
    assert bool(meaning_of(wrong)) == bool(wrong)


@needs_linux
def test_what_there_is_not_is_not_counted() -> None:
    assert why_not_counted([CountedEvent("nothing", 1, 1 << 20)]).startswith("perf_event_open: ")
    assert why_not_counted([*SOFTWARE] * 5).startswith("perf_event_open: "), "more than are read at once"


def test_without_the_library_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_counters, "library", lambda: None)
    assert why_not_counted()
