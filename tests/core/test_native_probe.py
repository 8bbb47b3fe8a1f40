"""Cores are looked at all at once, with the threads that decode or with threads that sleep in between."""

from __future__ import annotations

import os

import pytest

from smjax.core import native_library, native_probe
from smjax.core.machine.topology import pick_cpus
from smjax.core.native_probe import Watch

needs_library = pytest.mark.skipif(native_library.library() is None, reason="needs the native library")


@needs_library
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("decodes", [True, False], ids=["native", "other"])
def test_each_thread_has_a_figure(threads: int, decodes: bool) -> None:
    cpus, before = pick_cpus(threads), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    native_library.start("auto", [], threads if decodes else 1)
    with Watch(cpus, threads) as watch:
        moments = [watch.look() for _ in range(3)]
    for moment in moments:
        assert moment is not None
        expected = threads if decodes else min(threads, len(cpus) or threads)
        assert len(moment.ghz) == len(moment.additions_per_cycle) == expected
        assert all(0.1 < ghz < 10 for ghz in moment.ghz)
        assert all(0.5 < rate < 20 for rate in moment.additions_per_cycle)
    assert not before or len(os.sched_getaffinity(0)) == before, "whoever looks stays where it was"
    native_library.start("auto", [], 1)


@needs_library
def test_after_the_end_there_is_nothing_to_see() -> None:
    watch = Watch([], 1)
    assert watch.look() is not None
    watch.close()
    assert watch.look() is None


def test_without_the_library_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_probe, "library", lambda: None)
    with Watch(pick_cpus(1), 1) as watch:
        assert watch.look() is None


def test_a_moment_with_a_figure_that_is_not_known_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind:
        def smjax_watch(self, threads: int, cpus: object, n: int) -> int:
            return threads

        def smjax_probe(self, threads: int, found: object) -> bytes:
            return b""

    monkeypatch.setattr(native_probe, "library", Blind)
    assert Watch([], 2).look() is None
