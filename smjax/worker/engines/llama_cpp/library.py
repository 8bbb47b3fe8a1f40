"""llama.cpp's functions as the engine calls them: ids and settings go in, views of its memory come out."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp as api
import numpy as np

N_BATCH, N_UBATCH = 2048, 512
"""Ids that one call takes at most, and that are computed at once: llama-bench's, so that figures can be compared."""
KV_TYPES = {"float32": api.GGML_TYPE_F32, "float16": api.GGML_TYPE_F16, "q8_0": api.GGML_TYPE_Q8_0}
FLASH_ATTN = {
    "auto": api.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "0": api.LLAMA_FLASH_ATTN_TYPE_DISABLED,
    "1": api.LLAMA_FLASH_ATTN_TYPE_ENABLED,
}
_ERROR = 4
"""Of its levels of messages."""
_errors: list[str] = []
"""What it has said of the last thing that went wrong."""


class LlamaCppError(Exception):
    """What llama.cpp could not do, and what it said."""


@api.llama_log_callback  # type: ignore[untyped-decorator]
def _listen(level: int, text: bytes, _: object) -> None:
    if level == _ERROR:
        _errors[:] = [" ".join(text.decode(errors="replace").split())]


def start() -> None:
    """Before anything else; from then on what it says is kept for errors instead of printed."""
    api.llama_log_set(_listen, ctypes.c_void_p(0))
    api.llama_backend_init()


def system_info() -> str:
    """Instruction sets and options that it was built with, in its own words."""
    return str(api.llama_print_system_info().decode())


class Weights:
    """A file's weights, loaded for the CPU; raises LlamaCppError for one that it cannot read."""

    def __init__(self, path: Path, mmap: bool) -> None:
        params = api.llama_model_default_params()
        params.n_gpu_layers = 0
        params.load_mode = api.LLAMA_LOAD_MODE_MMAP if mmap else api.LLAMA_LOAD_MODE_NONE
        self.pointer = api.llama_model_load_from_file(os.fsencode(path), params)
        if not self.pointer:
            raise _failed(f"could not load {path}")
        self.n_bytes = int(api.llama_model_size(self.pointer))
        self.n_vocab = int(api.llama_vocab_n_tokens(api.llama_model_get_vocab(self.pointer)))


@dataclass(frozen=True)
class Settings:
    """Of a context."""

    ctx: int
    threads: int
    kv_dtype: str
    flash_attn: str


class Context:
    """Weights with a KV cache: computes ids at the positions after those that are there."""

    def __init__(self, weights: Weights, settings: Settings) -> None:
        self._weights = weights  # which have to stay as long as this
        self._pointer = api.llama_init_from_model(weights.pointer, _parameters(settings))
        if not self._pointer:
            raise _failed("could not make a context")
        self.n_ctx = int(api.llama_n_ctx(self._pointer))
        """Positions that there is room for: at least as many as were asked for."""
        self._n_batch = int(api.llama_n_batch(self._pointer))
        self._memory = api.llama_get_memory(self._pointer)
        self._id = np.zeros(1, np.int32)
        self._batch_of_one = _batch(self._id)
        self._address, self._view = 0, np.empty(0, np.float32)

    def keep(self, n_positions: int) -> None:
        """Forget what stands at later positions."""
        if n_positions == 0:
            api.llama_memory_clear(self._memory, False)
        elif not api.llama_memory_seq_rm(self._memory, 0, n_positions, -1):
            raise _failed(f"could not go back to position {n_positions}")

    def compute(self, ids: np.ndarray) -> None:
        """`ids`, int32[n], in as many calls as that takes: one with more ids than it allows would end the process."""
        for first in range(0, len(ids), self._n_batch):
            part = np.ascontiguousarray(ids[first : first + self._n_batch], np.int32)
            self._decode(_batch(part))
        api.llama_synchronize(self._pointer)

    def compute_one(self, token: int) -> None:
        """One id; returns when its scores are there."""
        self._id[0] = token
        self._decode(self._batch_of_one)
        api.llama_synchronize(self._pointer)

    def scores(self) -> np.ndarray:
        """f32[V] after the last id: a view, until the next is computed."""
        return self._scores(-1, 1)[0]

    def scores_of_each(self, ids: np.ndarray) -> np.ndarray:
        """Compute a few ids, and f32[n, V] after each of them: a view, until the next is computed."""
        part, wanted = np.ascontiguousarray(ids, np.int32), np.ones(len(ids), np.int8)
        self._decode(_batch(part, wanted))
        return self._scores(0, len(ids))

    def _scores(self, row: int, n_rows: int) -> np.ndarray:
        pointer = api.llama_get_logits_ith(self._pointer, row)
        if not pointer:
            raise _failed("has no scores")
        address, size = ctypes.addressof(pointer.contents), n_rows * self._weights.n_vocab
        if (address, size) != (self._address, self._view.size):  # it stays where it is: a new view takes 5 µs
            self._view, self._address = np.ctypeslib.as_array(pointer, (size,)), address
        return self._view.reshape(n_rows, -1)

    def _decode(self, batch: Any) -> None:
        if code := api.llama_decode(self._pointer, batch):
            raise _failed(f"could not compute (code {code})")


def _parameters(settings: Settings) -> Any:
    found = api.llama_context_default_params()
    found.n_ctx, found.n_batch, found.n_ubatch = settings.ctx, N_BATCH, N_UBATCH
    found.n_threads = found.n_threads_batch = settings.threads
    found.type_k = found.type_v = KV_TYPES[settings.kv_dtype]
    found.flash_attn_type = FLASH_ATTN[settings.flash_attn]
    found.offload_kqv = found.op_offload = False
    return found


def _batch(ids: np.ndarray, wanted: np.ndarray | None = None) -> Any:
    """`ids` at the next positions, with scores after those `wanted`, or after the last; both have to outlive it."""
    batch: Any = api.llama_batch(n_tokens=len(ids), token=ids.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)))
    if wanted is not None:
        batch.logits = wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))
    return batch


def _failed(what: str) -> LlamaCppError:
    said = f": {_errors[0]}" if _errors else ""
    return LlamaCppError(f"llama.cpp {what}{said}")
