"""Memory that is made to be read is whole lines of the cache, and as much as was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from smjax.core import native_library
from smjax.worker.bandwidth import LINE_BYTES, read_new_memory


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[native_library.Memory]:
    """What the library is asked to read, which it does not."""
    found: list[native_library.Memory] = []

    def read(ranges: Sequence[native_library.Memory], seconds: float) -> float:
        found.extend(ranges)
        return 1e10

    monkeypatch.setattr(native_library, "library", lambda: True)
    monkeypatch.setattr(native_library, "start", lambda isa, cpus, threads: None)
    monkeypatch.setattr(native_library, "read_bandwidth", read)
    return found


@pytest.mark.parametrize("off", [0, 1, 16, 48, 63])
def test_it_begins_with_a_line_wherever_memory_is_given(
    off: int, reads: list[native_library.Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[np.ndarray] = []

    def ones(n: int, dtype: type) -> np.ndarray:
        whole = np.full(n + 2 * LINE_BYTES, 1, dtype)
        made.append(whole[-whole.ctypes.data % LINE_BYTES + off :][:n])
        return made[-1]

    monkeypatch.setattr(np, "ones", ones)
    assert read_new_memory(1000, [0], 1, 0.1) == 1e10
    ((start, n_bytes),) = reads
    (memory,) = made
    assert memory.ctypes.data % LINE_BYTES == off
    assert (start % LINE_BYTES, n_bytes) == (0, 1000)
    assert memory.ctypes.data <= start <= start + n_bytes <= memory.ctypes.data + memory.nbytes


def test_nothing_is_made_without_the_library(
    reads: list[native_library.Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_library, "library", lambda: None)
    assert read_new_memory(1 << 62, [0], 1, 0.1) is None
    assert reads == []
