"""The models whose answers are kept: every architecture, and what its files differ in."""

from __future__ import annotations

from tests.architectures.build import Case

_LLAMA = Case("llama", keys={"rope.freq_base": 500.0})
_GEMMA = {"n_layers": 4, "head_dim": 32, "n_kv_heads": 1, "encodings": {"token_embd.weight": "F16"}}
_LONG = ("rope_factors_short.weight", "rope_factors_long.weight")
_SCALES = {"attention.scale": 0.1, "embedding_scale": 3.0, "residual_scale": 0.4, "logit_scale": 2.5}

CASES = {
    "llama": _LLAMA,
    "llama, little said": Case(
        "llama",
        n_heads=6,
        n_kv_heads=6,
        d_model=96,
        tied=False,
        encoding="Q4_0",
        keys={"attention.head_count_kv": None},
    ),
    "llama, factors": Case("llama", factors=("rope_freqs.weight",), tied=False, encoding="F16"),
    "llama, linear": Case("llama", keys={"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}),
    "llama, biases": Case("llama", more=tuple(f"{name}.bias" for name in ("attn_q", "attn_output", "ffn_up"))),
    "qwen2": Case("qwen2", n_heads=6, n_kv_heads=2, d_model=96, tied=False, keys={"rope.freq_base": 1e6}),
    "qwen3": Case("qwen3", head_dim=32, keys={"attention.key_length": 32, "attention.value_length": 32}),
    "gemma2": Case(
        "gemma2",
        **_GEMMA,
        keys={
            "attention.key_length": 32,
            "attention.value_length": 32,
            "attention.sliding_window": 8,
            "attn_logit_softcapping": 5.0,
            "final_logit_softcapping": 4.0,
        },
    ),
    "gemma2, little said": Case("gemma2", **_GEMMA, keys={"attention.key_length": 32, "attention.value_length": 32}),
    "gemma3": Case(
        "gemma3",
        **{**_GEMMA, "n_layers": 7},
        keys={
            "attention.key_length": 32,
            "attention.value_length": 32,
            "attention.sliding_window": 8,
            "rope.freq_base": 1e6,
            "rope.scaling.type": "linear",
            "rope.scaling.factor": 8.0,
        },
    ),
    "gemma3, no window": Case("gemma3", **_GEMMA, keys={"attention.key_length": 32, "attention.value_length": 32}),
    "phi3": Case("phi3", n_heads=4, n_kv_heads=4, tied=False, n_turned=12),
    "phi3, short": Case(
        "phi3",
        tied=False,
        factors=_LONG,
        ctx=1024,
        keys={"rope.scaling.original_context_length": 512, "rope.scaling.attn_factor": 1.19},
    ),
    "phi3, long": Case(
        "phi3",
        n_turned=8,
        factors=_LONG,
        ctx=1024,
        keys={"rope.scaling.original_context_length": 32, "rope.scaling.attn_factor": 1.19},
    ),
    "gpt2": Case("gpt2", n_kv_heads=4, keys={"attention.head_count_kv": None}),
    "olmo2": Case("olmo2", n_kv_heads=4, tied=False, keys={"rope.freq_base": 5e5}),
    "olmo2, YaRN": Case(
        "olmo2",
        n_layers=4,
        d_model=128,
        head_dim=32,
        n_kv_heads=4,
        ctx=2048,
        tied=False,
        keys={
            "attention.sliding_window": 8,
            "rope.freq_base": 500.0,
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": 4.0,
            "rope.scaling.original_context_length": 512,
            "rope.scaling.attn_factor": 1.1,
        },
    ),
    "granite": Case("granite", keys=_SCALES),
    "stablelm": Case("stablelm", n_kv_heads=4, tied=False, n_turned=4),
    "stablelm, parallel": Case(
        "stablelm",
        tied=False,
        n_turned=4,
        more=("attn_q_norm", "attn_k_norm", "attn_q.bias", "attn_k.bias", "attn_v.bias"),
        less=("ffn_norm", "ffn_norm.bias"),
    ),
}
