"""A sweep over an argument of the engine, from a preset to a table, with a library that anybody can compute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smjax.core.models.presets import PRESETS, PresetModel

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("installed")]

SMALL = ("n_prompt=4", "n_gen=4", "ctx=8", "measure=quick", "measure.warmup=0")


def run(folder: Path, *overrides: str) -> tuple[str, list[dict[str, Any]]]:
    """What a sweep prints, and its records."""
    command = [sys.executable, "-P", "-m", "smjax.run", "-m", "engine=llama_cpp", *SMALL, *overrides]
    done = subprocess.run(
        [*command, "hydra.run.dir=run"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, [json.loads(path.read_text()) for path in (folder / "run" / "records").glob("*.json")]


def test_a_preset_is_exported_once_and_keeps_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path / "cache"))
    said, records = run(tmp_path, "model=stories-15m", "engine_args.flash_attn=0,1")
    (file,) = (tmp_path / "cache").rglob("*.gguf")
    made = file.stat()
    assert {record["status"] for record in records} == {"ok"}
    weights = PresetModel("stories-15m", PRESETS["stories-15m"], 42).hash
    assert {record["model"]["hash"] for record in records} == {weights}
    assert sorted(record["scenario"]["engine_args"]["flash_attn"] for record in records) == ["0", "1"]
    for record in records:
        assert record["resolved"] == {"kernel": "ggml", "isa": "avx2", "kv_dtype": "float16"}
        assert record["versions"]["llama.cpp system_info"].endswith("FAKE = 1 |")
        assert not {"jax", "jaxlib"} & (record["versions"].keys() | record["environment"]["packages"].keys())
        assert record["checks"] == {"prefill_decode_nmse": 0.0}
        assert all(0 < sample["choice_ns"] < sample["decode_ns"] for sample in record["samples"])
        assert record["memory"]["peak_rss_bytes"] < 100e6, "JAX alone takes 170 MB"
    assert "flash_attn=1" in said
    assert "mmap=true" in said
    assert "forward tok/s" in said
    run(tmp_path, "model=stories-15m", "engine_args.mmap=false")
    assert file.stat().st_mtime_ns == made.st_mtime_ns
