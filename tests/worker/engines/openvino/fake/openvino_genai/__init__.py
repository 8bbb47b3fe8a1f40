"""As much of openvino-genai as the engine calls, with a model that anybody can compute.

After the id `t` at position `p` the best id is (7 t + p) mod V, with a log-probability of -(1 + (t + p) mod 5) / 10.
Like the real one it tells of a compiled model on standard output alone, hands ids over in a thread of its own, ends
where a cache is full, and takes no id for the end of text that is below zero.
"""

import os
import threading
from enum import Enum
from itertools import pairwise
from pathlib import Path

from smjax.core.gguf.split import open_gguf

__version__ = "0.0.0.0"
drift = 0.0
"""Nats that ids computed one by one are off by."""
pipelines = []
"""All that were made."""


class StreamingStatus(Enum):
    RUNNING = 0


class StreamerBase:
    pass


class SchedulerConfig:
    max_num_batched_tokens, num_kv_blocks, enable_prefix_caching = 256, 0, False


class Tokenizer:
    def __init__(self, folder):
        if list(Path(folder).iterdir()):
            raise RuntimeError("map::at")


class TokenizedInputs:
    def __init__(self, input_ids, attention_mask):
        assert set(attention_mask.ids) == {1}
        self.ids = input_ids.ids


class GenerationConfig:
    def __init__(self, **asked):
        self.__dict__ |= {"echo": False, "logprobs": 0} | asked
        if self.eos_token_id < 0 or not self.ignore_eos or self.do_sample:
            raise RuntimeError("'stop_token_ids' must be non-negative")


class Results:
    def __init__(self, ids, score):
        self.tokens, self.scores = [ids], [score]


class Model:
    def __init__(self, path, scheduler, properties):
        self.n_vocab = open_gguf(Path(path)).tensors["token_embd.weight"].shape[0]
        self.room = 32 * scheduler.num_kv_blocks if scheduler else 1 << 30
        self.properties = {"INFERENCE_PRECISION_HINT": "bf16", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "32", **properties}
        if self.properties["INFERENCE_PRECISION_HINT"] == "f16":
            self.properties["INFERENCE_PRECISION_HINT"] = "bf16"  # which it has not got
        self.properties |= {f"{part}_CACHE_PRECISION": properties["KV_CACHE_PRECISION"] for part in ("KEY", "VALUE")}
        if os.environ.get("OPENVINO_LOG_LEVEL") == "3":
            said = "".join(f"  {name}: {value}\n" for name, value in self.properties.items())
            if scheduler:
                said = f"  enable_prefix_caching: {str(scheduler.enable_prefix_caching).lower()}\n{said}"
            os.write(1, f"Model: fake\n{said}  RUNTIME_REQUIREMENTS: meta=1.0;isa=Intel AVX2\nload 0\n".encode())

    def after(self, token, position):
        return (7 * token + position) % self.n_vocab, -(1 + (token + position) % 5) / 10

    def answer(self, prompt, n_ids):
        found, token = [], prompt[-1]
        for position in range(len(prompt) - 1, min(len(prompt) - 1 + n_ids, self.room)):
            token, nats = self.after(token, position)
            found.append((token, nats + (drift if found else 0)))
        return found


class LLMPipeline:
    def __init__(self, path, tokenizer, device, scheduler_config=None, ATTENTION_BACKEND="PA", **properties):
        assert isinstance(tokenizer, Tokenizer)
        assert device == "CPU"
        if Path(path).stat().st_size < 1000:
            raise RuntimeError(
                "Exception from src/core.cpp:1:\nCheck 'ctx' failed at /home/x/repos/src/gguf.cpp:9:\nshort\n"
            )
        self.scheduler, self.attention = scheduler_config, ATTENTION_BACKEND
        self.model = Model(path, scheduler_config, properties)
        pipelines.append(self)

    def generate(self, inputs, config, streamer=None):
        answer = self.model.answer(inputs.ids, config.max_new_tokens)
        if streamer is not None:
            thread = threading.Thread(
                target=lambda: [streamer.write([token]) for token, _ in answer] + [streamer.end()]
            )
            thread.start()
            thread.join()
        return Results([token for token, _ in answer], sum(nats for _, nats in answer) if config.logprobs else 0.0)


class ContinuousBatchingPipeline:
    def __init__(self, path, tokenizer, scheduler_config, device, **properties):
        self.model = Model(path, scheduler_config, properties)
        self.steps = 2

    def add_request(self, number, input_ids, config):
        assert config.echo
        assert config.logprobs
        ids = input_ids.ids
        pairs = [(self.model.after(token, place), target) for place, (token, target) in enumerate(pairwise(ids))]
        self.generated_log_probs = [1.0, *(nats - (target != best) for (best, nats), target in pairs), -9.0]
        return self

    def has_non_finished_requests(self):
        return self.steps > 0

    def step(self):
        self.steps -= 1

    def read_all(self):
        return [self]
