"""What a worker takes at most: an ordinary process with JAX, and a model that is there once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from smjax.core.engines import packages
from smjax.core.machine.host import environment
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure
from smjax.sweep.process.local import LocalLauncher
from smjax.sweep.request.resolve import resolve
from tests.worker.models import NATIVE, scenario

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

SHAKESPEARE = Path(__file__).parents[1] / "data" / "shakespeare-q4_0.gguf"
MEASURE = Measure(replicates=1, iterations=2, warmup=1, timeout_s=600.0)
GGUF = str(SHAKESPEARE)
TIMEOUT_S = 600.0


def peak_bytes_max(packed_bytes: int, kv_bytes: int) -> float:
    """265 MB for Python, JAX, its programs and what they take meanwhile; 264 were seen right after an installation."""
    return 265e6 + 1.15 * packed_bytes + kv_bytes


@pytest.mark.parametrize(
    ("model", "path", "kernel", "threads"),
    [
        pytest.param("tinystories-1m", None, *NATIVE.values, 1, marks=NATIVE.marks),
        pytest.param("stories-110m", None, *NATIVE.values, 2, marks=NATIVE.marks),
        ("gguf", GGUF, "xla", 2),
    ],
)
def test_peaks_are_bounded(model: str, path: str | None, kernel: str, threads: int, tmp_path: Path) -> None:
    """With programs from the compilation cache, as is the default."""
    asked = scenario(model=model, model_path=path, kernel=kernel, threads=threads, ctx=128, measure=MEASURE)
    resolved = resolve(asked, environment(packages()))
    for request in (
        Request("ahead", resolved, cache_dir=str(tmp_path), step="compile"),
        Request("measure", resolved, cache_dir=str(tmp_path)),
    ):
        outcome = LocalLauncher().run(request, TIMEOUT_S)
        assert (outcome.status, outcome.reason) == ("ok", "")
    memory = outcome.answer.memory
    assert memory is not None
    peak, packed, kv = memory.peak_rss_bytes or 0, memory.weight_bytes or 0, memory.kv_bytes or 0
    assert packed > 0
    assert peak <= peak_bytes_max(packed, kv)
    assert packed + kv < (memory.anon_bytes or 0), "weights are no pages of a file"
    assert (memory.anon_bytes or 0) + (memory.file_bytes or 0) <= peak
