"""As much of llama-cpp-python's low-level functions as the engine calls, with a model that anybody can compute.

After the id `t` at position `p` the best id is (7 t + p) mod V, and ids score the less the further they are from it.
Like llama.cpp it ends the process where it is given more ids at once than it allows.
"""

import ctypes
import os
import sys
from pathlib import Path

import numpy as np

from smjax.core.gguf.split import open_gguf

__version__ = "0.0.0"
GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_Q8_0 = 0, 1, 8
LLAMA_FLASH_ATTN_TYPE_AUTO, LLAMA_FLASH_ATTN_TYPE_DISABLED, LLAMA_FLASH_ATTN_TYPE_ENABLED = -1, 0, 1
LLAMA_LOAD_MODE_NONE, LLAMA_LOAD_MODE_MMAP = 0, 1

llama_log_callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
listener = None
drift = 0.0
"""What the scores of ids that are computed one by one are off by."""


class llama_batch(ctypes.Structure):  # noqa: N801
    _fields_ = (
        ("n_tokens", ctypes.c_int32),
        ("token", ctypes.POINTER(ctypes.c_int32)),
        ("logits", ctypes.POINTER(ctypes.c_int8)),
    )


class Parameters:
    pass


class Model:
    def __init__(self, path, params):
        file = open_gguf(path)
        self.params = params
        self.n_vocab = file.tensors["token_embd.weight"].shape[0]
        self.n_bytes = sum(info.n_bytes for info in file.tensors.values())


class Context:
    def __init__(self, model, params):
        self.model, self.params = model, params
        self.ids, self.calls = [], []
        self.scores = np.empty(0, np.float32)

    def decode(self, ids, wanted):
        if len(ids) > llama_n_batch(self) or len(self.ids) + len(ids) > llama_n_ctx(self):
            os.abort()
        first, self.calls = len(self.ids), [*self.calls, len(ids)]
        self.ids += ids
        rows = [self.after(first + i) for i in range(len(ids)) if wanted[i]]
        self.scores = np.stack(rows).astype(np.float32) + (drift if len(ids) == 1 else 0)

    def after(self, position):
        best = (7 * self.ids[position] + position) % self.model.n_vocab
        return -np.abs(np.arange(self.model.n_vocab) - best) / 10


def complain(text):
    if listener is None:
        print(text, file=sys.stderr)
    else:
        listener(4, text.encode(), None)


def llama_log_set(callback, _):
    global listener
    listener = callback


def llama_backend_init():
    pass


def llama_print_system_info():
    return b"CPU : AVX2 = 1 | AVX512 = 0 | FAKE = 1 | "


def llama_model_default_params():
    return Parameters()


def llama_context_default_params():
    return Parameters()


def llama_model_load_from_file(path, params):
    if Path(os.fsdecode(path)).stat().st_size < 1000:
        complain("the file is\ntoo short\n")
        return None
    return Model(Path(os.fsdecode(path)), params)


def llama_model_size(model):
    return model.n_bytes


def llama_model_get_vocab(model):
    return model


def llama_vocab_n_tokens(model):
    return model.n_vocab


def llama_init_from_model(model, params):
    return Context(model, params)


def llama_n_ctx(context):
    return -(-context.params.n_ctx // 256) * 256


def llama_n_batch(context):
    return min(context.params.n_batch, llama_n_ctx(context))


def llama_get_memory(context):
    return context


def llama_memory_clear(memory, data):
    memory.ids = []


def llama_memory_seq_rm(memory, sequence, first, last):
    del memory.ids[first:]
    return True


def llama_decode(context, batch):
    n = batch.n_tokens
    wanted = [bool(batch.logits[i]) for i in range(n)] if batch.logits else [False] * (n - 1) + [True]
    context.decode(batch.token[:n], wanted)
    return 0


def llama_synchronize(context):
    pass


def llama_get_logits_ith(context, row):
    return context.scores[row:].ctypes.data_as(ctypes.POINTER(ctypes.c_float))
