"""One thread that has a CPU for itself does not change hands: XLA's caller computes, and its pool sleeps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/task")]

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("model", ["llama", "gpt-neo"])
def test_decoding_and_prefill_stay_on_their_thread(model: str) -> None:
    """XLA hands half of what is ready to its pool where that is more than 8 operations; decoding takes turns then."""
    command = [sys.executable, "-m", "tests.worker.engines.one_thread", model]
    one_thread = {**os.environ, "PJRT_NPROC": "1", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, env=one_thread, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    used = json.loads(done.stdout)
    assert used["own_ns"] > 10**6, "it decoded"
    assert used["others_ns"] < 0.05 * used["own_ns"]
