"""The clock is measured where the library is, and the caller stays where it was."""

from __future__ import annotations

import os

import pytest

from smjax.core import native_library as native


@pytest.mark.skipif(native.library() is None, reason="no native library")
@pytest.mark.parametrize("cpu", [None, 0])
def test_the_clock_is_measured_elsewhere(cpu: int | None) -> None:
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    ghz = native.effective_ghz(cpu)
    assert ghz is not None
    assert ghz > 0
    assert before == (os.sched_getaffinity(0) if before else None)


def test_no_clock_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "library", lambda: None)
    assert native.effective_ghz() is None


@pytest.mark.skipif(native.library() is None, reason="no native library")
def test_what_cannot_be_started_is_told() -> None:
    with pytest.raises(ValueError, match="mmx"):
        native.start("mmx", [], 1)
