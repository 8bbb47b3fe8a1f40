"""A sweep over an argument of the engine, from a preset to a table, with a library that anybody can compute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from smjax.core.models.presets import PRESETS, PresetModel

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("installed")]

SMALL = ("n_prompt=4", "n_gen=4", "ctx=8", "measure=quick", "measure.warmup=1", "hydra.run.dir=run")


def test_a_preset_is_exported_and_keeps_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path / "cache"))
    command = [sys.executable, "-P", "-m", "smjax.run", "-m", "engine=openvino", "model=stories-15m", *SMALL]
    swept = [*command, "engine_args.attention=pa,sdpa"]
    done = subprocess.run(swept, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    records = [json.loads(path.read_text()) for path in (tmp_path / "run" / "records").glob("*.json")]
    assert [record["status"] for record in records] == ["ok"] * 2
    weights = PresetModel("stories-15m", PRESETS["stories-15m"], 42).hash
    assert {record["model"]["hash"] for record in records} == {weights}
    assert sorted(record["variants"]["attention"] for record in records) == ["pa", "sdpa"]
    for record in records:
        assert record["resolved"] == {"kernel": "cpu_plugin", "isa": "avx2", "kv_dtype": "u8"}
        assert record["versions"]["openvino"] == "0.0.0-fake"
        assert not {"jax", "jaxlib"} & (record["versions"].keys() | record["environment"]["packages"].keys())
        assert record["checks"] == {"prefill_decode_nats": pytest.approx(0, abs=1e-9)}
        assert len(record["ids"]) == 4
        assert record["memory"]["peak_rss_bytes"] < 100e6, "JAX alone takes 170 MB"
    assert "attention=sdpa" in done.stdout
