"""What the worker does to its own process."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Iterator

import pytest

from smjax.core.errors import RequestError
from smjax.core.machine.topology import usable_cpus
from smjax.worker import process
from smjax.worker.process import pin, resident_parts, rss_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self")
def test_what_is_resident_is_of_files_or_not() -> None:
    anonymous, of_files = resident_parts()
    assert anonymous is not None
    assert of_files is not None
    with mmap.mmap(
        -1, 20_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    ) as more:  # no memory that was free before
        more.write(b"x" * len(more))
        later, _ = resident_parts()
    assert later is not None
    assert later - anonymous > 19_000_000
    assert of_files > 1_000_000, "the interpreter's own code"
    assert (rss_bytes() or 0) > 20_000_000


def test_without_a_kernel_that_tells_the_parts_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "read_text", lambda path: None)
    assert resident_parts() == (None, None)


@pytest.fixture
def affinity() -> Iterator[list[int]]:
    """The CPUs of this process, which has them back afterwards."""
    before = usable_cpus()
    if not before:
        pytest.skip("there is no affinity here")
    yield before
    os.sched_setaffinity(0, before)


def test_a_process_runs_where_it_is_pinned(affinity: list[int]) -> None:
    assert pin(affinity[:1]) == affinity[:1]
    assert usable_cpus() == affinity[:1]


def test_without_cpus_it_stays_where_it_is(affinity: list[int]) -> None:
    assert pin([]) == affinity


def test_cpus_that_there_are_not_are_refused(affinity: list[int]) -> None:
    with pytest.raises(
        RequestError, match=r"^threads: expected to run on the CPUs \[999\], found .* \(Invalid argument\)"
    ):
        pin([999])


def test_cpus_that_are_there_in_part_are_refused(affinity: list[int]) -> None:
    """The system takes those that there are, and says nothing."""
    with pytest.raises(
        RequestError, match=rf"expected to run on the CPUs \[{affinity[0]}, 999\], found \[{affinity[0]}\];"
    ):
        pin([affinity[0], 999])


def test_a_system_that_refuses_is_told(affinity: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    if len(affinity) > 1:
        with pytest.raises(RequestError, match=r"\(Operation not permitted\); give this process those CPUs"):
            pin(affinity[:1])
    assert pin(affinity) == affinity, "where it is all the same"
