"""Writes a preset as a GGUF file that other tools read, with a vocabulary of made-up tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.files import replacing
from smjax.core.models.families import IN_GGUF
from smjax.core.models.presets import PRESETS, PresetModel
from smjax.core.models.source import Model

UNKNOWN, NORMAL, CONTROL = 2, 1, 3
"""Token types of the format."""
_SPACE, _WORD = "Ġ", "w"

EXPORTED = tuple(name for name, config in PRESETS.items() if config.family in IN_GGUF)
"""Presets of an architecture that GGUF has."""
RECIPE = 2
"""Counts up when the file of a preset changes and its weights do not."""


def export_preset(name: str, path: Path, seed: int) -> None:
    """Write the preset `name` made from `seed` to `path`, whole or not at all.

    Raises RequestError for an unknown preset, one of an architecture that GGUF does not have, and a file that cannot be
    written.
    """
    if name not in EXPORTED:
        found = f"{name}, which GGUF has no architecture for" if name in PRESETS else name
        raise RequestError(f"--model: expected one of {', '.join(EXPORTED)}, found {found}")
    export_model(PresetModel(name, PRESETS[name], seed), path)


def exported(model: Model, folder: Path) -> Path:
    """The file of `model` in `folder`, called after its weights and made where it is not there.

    Raises RequestError where it cannot be written.
    """
    path = folder / f"{model.name}-{model.hash.removeprefix('sha256:')[:16]}-{RECIPE}.gguf"
    if not path.exists():
        export_model(model, path)
    return path


def export_model(model: Model, path: Path) -> None:
    """Write a model of an architecture that GGUF has to `path`, whole or not at all.

    Raises RequestError where it cannot be written.
    """
    with replacing(path, f"the model {model.name}") as beside:
        _write(model, beside)


def _write(model: Model, path: Path) -> None:
    import gguf  # here, as nothing else writes the format

    writer = gguf.GGUFWriter(path, model.config.family)
    _add_metadata(writer, model)
    for info in model.tensors.values():
        kind = gguf.GGMLQuantizationType(info.encoding.code)
        writer.add_tensor_info(info.name, info.shape, np.dtype(np.float32), info.n_bytes, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for info in model.tensors.values():  # one at a time: all of them would take the model's size in memory
        writer.write_tensor_data(model.read(info.name))
        model.release(info.name)
    writer.close()


def _add_metadata(writer: gguf.GGUFWriter, model: Model) -> None:  # type: ignore[name-defined]  # noqa: F821
    c = model.config
    writer.add_name(f"smjax {model.name}, seeded weights")
    writer.add_context_length(c.ctx_train)
    writer.add_embedding_length(c.d_model)
    writer.add_block_count(c.n_layers)
    writer.add_feed_forward_length(c.d_ff)
    writer.add_head_count(c.n_heads)
    writer.add_head_count_kv(c.n_kv_heads)
    if c.n_heads * c.head_dim != c.d_model:
        writer.add_key_length(c.head_dim)
        writer.add_value_length(c.head_dim)
    writer.add_rope_dimension_count(c.head_dim)
    writer.add_rope_freq_base(c.rope_base)
    writer.add_layer_norm_rms_eps(c.norm_eps)
    writer.add_vocab_size(c.n_vocab)
    writer.add_file_type(2)  # mostly Q4_0
    writer.add_quantization_version(2)
    tokens, types = _vocabulary(c.n_vocab)
    writer.add_tokenizer_model("gpt2")  # of the kinds that there are the one that every engine reads
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([f"{_SPACE} {_WORD}"])
    writer.add_add_bos_token(False)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def _vocabulary(size: int) -> tuple[list[str], list[int]]:
    """Tokens and their types: three that are no text, a byte each, the one that is merged, words that no text gives."""
    special = ["<unk>", "<s>", "</s>"]
    texts = [*_bytes(), _SPACE + _WORD]
    words = [f"{_SPACE}{_WORD}{i}" for i in range(size - len(special) - len(texts))]
    return special + texts + words, [UNKNOWN, CONTROL, CONTROL] + [NORMAL] * (len(texts) + len(words))


def _bytes() -> list[str]:
    """Each byte as GPT-2's vocabulary writes it: as itself where it is printed in Latin-1, else as a letter above."""
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in printed else chr(next(others)) for byte in range(0x100)]
