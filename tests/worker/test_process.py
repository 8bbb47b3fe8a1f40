"""What the worker does to its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from smjax.core.errors import RequestError
from smjax.core.machine.topology import usable_cpus
from smjax.worker.process import pin

_GIVES_BACK = """
import jax, numpy as np
from pathlib import Path
from smjax.core.machine.probe import fields
from smjax.worker.process import give_back_code

def file_kb():
    return int(fields(Path("/proc/self/status").read_text().splitlines())["RssFile"].split()[0])

before = file_kb()
give_back_code("/no_such_library.so")
unchanged = file_kb()
give_back_code("/libjax_common.so")
after = file_kb()
answer = float(jax.jit(lambda x: (x * 2).sum())(np.arange(4.0)))
print(before, unchanged, after, answer)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self")
def test_code_is_given_back_and_still_runs() -> None:
    done = subprocess.run([sys.executable, "-c", _GIVES_BACK], capture_output=True, text=True, check=True, timeout=120)
    before, unchanged, after, answer = (float(value) for value in done.stdout.split())
    assert unchanged >= before - 1000
    assert after < before - 20_000, "JAX's library has more than 20 MB of code that only start-up touches"
    assert answer == 12.0


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
