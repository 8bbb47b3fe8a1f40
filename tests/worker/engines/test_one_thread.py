"""One thread that has a CPU for itself does not change hands: XLA's caller computes, and its pool sleeps."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import decoder
from smjax.core.models.presets import PresetModel
from smjax.worker.process import thread_cpu_ns
from tests.worker.models import loaded_engine

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/task")]

N_PROMPT, N_GEN = 40, 100
LLAMA = decoder("llama", 2, 256, 4, 2, 64, 512, 512, 2048, 1e-5, tied=False)
NEO = decoder("gpt-neo", 2, 256, 4, 4, 16, 512, 512, 2048, 1e-5, tied=True, windows=(512, 8))


@pytest.mark.parametrize(("config", "ctx"), [(LLAMA, 1100), (NEO, 256)], ids=["llama", "gpt-neo"])
def test_decoding_and_prefill_stay_on_their_thread(config: DecoderConfig, ctx: int) -> None:
    """XLA hands half of what is ready to its pool where that is more than 8 operations; decoding takes turns then."""
    engine = loaded_engine(PresetModel("any", config, 0), ctx=ctx, n_prompt=N_PROMPT, n_gen=N_GEN)
    engine.compile()
    prompt = np.arange(N_PROMPT, dtype=np.int32)
    engine.prefill(prompt)
    before = thread_cpu_ns()
    engine.prefill(prompt)
    for _ in engine.decode(N_GEN - 1):
        pass
    used_ns = {name: ns - before.get(name, 0) for name, ns in thread_cpu_ns().items()}
    own_ns = used_ns.pop(next(name for name in used_ns if name.startswith(f"{threading.get_native_id()} ")))
    assert own_ns > 10**6, "it decoded"
    assert sum(used_ns.values()) < 0.05 * own_ns
