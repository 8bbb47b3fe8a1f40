"""openvino-genai as the engine calls it: ids and settings go in, ids and sums of log-probabilities come out."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai as api

from smjax.worker.engines import Heard

BLOCK = 32
"""Positions of its cache that are allocated at once."""
KV_TYPES = {"float32": "f32", "bfloat16": "bf16", "float16": "f16", "u8": "u8"}
_LOG_LEVEL = "OPENVINO_LOG_LEVEL"
_PROPERTY = re.compile(r"^  ([A-Za-z_]+): (.*)$", re.MULTILINE)
_WHERE = re.compile(r"^Exception from \S+:$|/\S+?(?=src/)", re.MULTILINE)
"""Which of its lines threw, on whose disk: nothing that a user can do something with."""
_NO_KEY = "map::at"


class OpenVinoError(Exception):
    """What OpenVINO could not do, and what it said."""


@dataclass(frozen=True)
class Settings:
    """Of a pipeline; `precision` and `dynamic_quantization` are OpenVINO's own words, or auto for its own choice."""

    ctx: int
    threads: int
    kv_dtype: str
    attention: str
    precision: str
    dynamic_quantization: str

    @property
    def n_positions(self) -> int:
        """That there is room for: at least as many as were asked for."""
        return -(-self.ctx // BLOCK) * BLOCK

    def properties(self) -> dict[str, Any]:
        """As the plugin calls them. It pins no thread by itself: where they run is the worker's affair."""
        chosen = {
            "INFERENCE_NUM_THREADS": self.threads,
            "ENABLE_CPU_PINNING": False,
            "KV_CACHE_PRECISION": KV_TYPES[self.kv_dtype],
            "INFERENCE_PRECISION_HINT": self.precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": self.dynamic_quantization,
        }
        return {name: value for name, value in chosen.items() if value != "auto"}

    def scheduler(self) -> Any:
        """A whole prompt at once, in a cache as large as the context, which remembers no prompt."""
        found = api.SchedulerConfig()
        found.max_num_batched_tokens = self.n_positions
        found.num_kv_blocks = self.n_positions // BLOCK + 1
        found.enable_prefix_caching = False
        return found


@dataclass
class Pipeline:
    """A file's weights, ready to answer; raises OpenVinoError for one that it cannot read."""

    path: Path
    settings: Settings
    properties: dict[str, str] = field(init=False)
    """Of the compiled model and of its scheduler, as they say themselves; empty where they do not."""

    def __post_init__(self) -> None:
        of_attention = {"pa": {"scheduler_config": self.settings.scheduler()}, "sdpa": {"ATTENTION_BACKEND": "SDPA"}}
        chosen = self.settings.properties() | of_attention[self.settings.attention]
        with _failing(f"could not load {self.path}"), _listening() as said:
            self._pipeline = api.LLMPipeline(self.path, tokenizer(), "CPU", **chosen)
        self.properties = dict(_PROPERTY.findall("".join(said)))

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> None:
        """Hand over `n_ids` ids after `prompt`, int32[n_prompt], each as it is there."""
        streamer = _Streamer(heard)
        with _failing("could not answer"):
            self._pipeline.generate(_inputs(prompt), generation(n_ids), streamer)
        if streamer.n_ids != n_ids:
            raise OpenVinoError(f"OpenVINO handed over {streamer.n_ids} ids, expected {n_ids}")

    def scored(self, prompt: np.ndarray, n_ids: int) -> tuple[list[int], float]:
        """The same ids, and the sum of their log-probabilities in nats."""
        with _failing("could not answer"):
            found = self._pipeline.generate(_inputs(prompt), generation(n_ids, logprobs=1))
        return list(found.tokens[0]), float(found.scores[0])


def prompt_nll(path: Path, settings: Settings, ids: np.ndarray) -> float:
    """Mean minus log-likelihood of ids[1:] given their prefixes, in nats, by what the pipeline is made of."""
    with _failing("could not score"):
        batching = api.ContinuousBatchingPipeline(
            path, tokenizer(), settings.scheduler(), "CPU", **settings.properties()
        )
        asked = generation(1, echo=True, logprobs=1)
        handle = batching.add_request(0, openvino.Tensor(ids[None].astype(np.int64)), asked)
        while batching.has_non_finished_requests():
            batching.step()
        (found,) = handle.read_all()
    return -float(np.mean(found.generated_log_probs[1 : len(ids)]))  # the first has no prefix


def tokenizer() -> Any:
    """One without a vocabulary: ids go in and come out, so that a file's own may be of any kind."""
    with tempfile.TemporaryDirectory() as nothing:
        return api.Tokenizer(nothing)


def generation(n_ids: int, **others: Any) -> Any:
    """Greedy, and exactly so many: no id is the end of text."""
    no_id = np.iinfo(np.int32).max
    return api.GenerationConfig(
        max_new_tokens=n_ids, do_sample=False, ignore_eos=True, eos_token_id=int(no_id), **others
    )


class _Streamer(api.StreamerBase):  # type: ignore[misc]
    """Hears ids as numbers, where others make texts of them."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self._heard = heard
        self.n_ids = 0

    def write(self, token: int | list[int]) -> Any:
        ids = np.atleast_1d(np.array(token, np.int32))
        self._heard(ids)
        self.n_ids += len(ids)
        return api.StreamingStatus.RUNNING

    def end(self) -> None:
        """Nothing is held back."""


def _inputs(prompt: np.ndarray) -> Any:
    ids = prompt[None].astype(np.int64)
    return api.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(np.ones_like(ids)))


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What is printed by the libraries, which tell of a compiled model in no other way; there once this has ended."""
    said: list[str] = []
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        os.environ[_LOG_LEVEL] = "3"
        try:
            yield said
        finally:
            del os.environ[_LOG_LEVEL]
            os.dup2(kept, 1)
            os.close(kept)
            file.seek(0)
            said.append(file.read().decode(errors="replace"))


@contextmanager
def _failing(what: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        said = " ".join(_WHERE.sub("", str(error)).split())
        hint = "; a key that it needs is not in the file" if said == _NO_KEY else ""
        raise OpenVinoError(f"OpenVINO {what}: {said}{hint}") from error
