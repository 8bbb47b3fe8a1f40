"""Decodes in a process of its own, as XLA's pool is made once, and prints what its threads took."""

from __future__ import annotations

import json
import sys
import threading

import numpy as np

from smjax.core.models.families import decoder
from smjax.core.models.presets import PresetModel
from smjax.worker.engines.smjax.compilation import configure_jax
from smjax.worker.process import thread_cpu_ns
from tests.worker.models import loaded_engine

N_PROMPT, N_GEN = 40, 100
MODELS = {
    "llama": (decoder("llama", 2, 256, 4, 2, 64, 512, 512, 2048, 1e-5, tied=False), 1100),
    "gpt-neo": (decoder("gpt-neo", 2, 256, 4, 4, 16, 512, 512, 2048, 1e-5, tied=True, windows=(512, 8)), 256),
}


def main(name: str) -> None:
    configure_jax()
    config, ctx = MODELS[name]
    engine = loaded_engine(PresetModel("any", config, 0), ctx=ctx, n_prompt=N_PROMPT, n_gen=N_GEN)
    engine.compile()
    prompt = np.arange(N_PROMPT, dtype=np.int32)
    engine.prefill(prompt)
    before = thread_cpu_ns()
    engine.prefill(prompt)
    for _ in engine.decode(N_GEN - 1):
        pass
    used_ns = {thread: ns - before.get(thread, 0) for thread, ns in thread_cpu_ns().items()}
    own = next(thread for thread in used_ns if thread.startswith(f"{threading.get_native_id()} "))
    print(json.dumps({"own_ns": used_ns.pop(own), "others_ns": sum(used_ns.values())}))


if __name__ == "__main__":
    main(sys.argv[1])
