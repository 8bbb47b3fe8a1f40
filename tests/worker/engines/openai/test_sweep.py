"""A sweep over an engine of this machine and a server's, from overrides to a verdict."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.flags import MODEL_CLAIMED, OTHER_MACHINE, UNIQUE_PROMPTS
from tests.in_process import said
from tests.worker.engines.openai.conftest import FILE
from tests.worker.engines.openai.fake_server import Behaviour, answer_to, serving

SMALL = ("n_prompt=16", "n_gen=8", "ctx=24", "measure=quick", "measure.iterations=2")
KEY = "sk-0123456789abcdef"
EMPTY = """
isa threads cores peak_rss_mb steady_rss_mb weight_mb anon_mb file_mb load_s compile_s cold_start_s cycles_per_token
tok_per_s_per_core tok_per_s_per_ghz_per_core scaling_efficiency bytes_per_token gb_per_s roofline dram_gb_per_s
rss_growth_bytes_per_token jaxlib kv_dtype energy_j_per_token processes_disturbed bandwidth_level states
"""
"""Columns of what a client cannot know."""


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def records_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in (folder / "records").glob("*.json")]


@pytest.mark.slow
def test_a_server_stands_beside_an_engine(tmp_path: Path) -> None:
    with serving(Behaviour(key=KEY, n_cached=0)) as url:
        asked = ("-m", "engine=smjax,openai", f"model={FILE}", f"engine_args.url={url}", "hydra.sweep.dir=both")
        done = said(tmp_path, "run", *asked, *SMALL, SMJAX_OPENAI_KEY=KEY)
    assert done.returncode == 0, done.stderr
    ours, server = sorted(rows_of(tmp_path / "both"), key=lambda row: row["engine"] == "openai")
    assert (server["status"], server["kernel"], server["model"]) == ("ok", "server", FILE.name)
    assert server["flags"] == f"{MODEL_CLAIMED.name};{UNIQUE_PROMPTS.name}"
    assert {name: server[name] for name in EMPTY.split() if server[name]} == {}
    assert (server["host"], server["machine"]) == (ours["host"], ours["machine"])
    assert all(float(server[name]) > 0 for name in ("decode_tok_per_s", "ttft_ms", "itl_ms_p50", "tpot_ms"))
    told = said(tmp_path, "compare", "both", "--axis", "engine", "--format", "json")
    (pair,) = json.loads(told.stdout)
    assert (pair["scenario"]["threads"], pair["ratio"] is not None or pair["why"] != "") == (1, True)
    found = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert found == [], "a key is kept nowhere"
    assert KEY not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_server_answers_for_checking(tmp_path: Path) -> None:
    (tmp_path / "ids.json").write_text("[5, 6, 7]")
    asked = ("eval", "--engine", "openai", "--model", str(FILE), "--ids-file", "ids.json", "--n-gen", "4")
    with serving(Behaviour(echo=True)) as url:
        done = said(tmp_path, *asked, f"engine_args.url={url}")
    assert done.returncode == 0, done.stderr
    answer = {"nll_mean": 1.0, "logits": None, "greedy": answer_to([5, 6, 7], 4)}
    assert json.loads(done.stdout) == {**answer, "kernel": "server", "isa": ""}
    for wrong in ("engine_args.uri=x", "url=x"):
        refused = said(tmp_path, *asked, wrong)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
        assert wrong.partition("=")[0] in refused.stderr


@pytest.mark.slow
def test_of_another_machine_nothing_is_known(tmp_path: Path) -> None:
    with serving(Behaviour()) as url:
        asked = ("engine=openai", f"model={FILE}", f"engine_args.url={url}", "engine_args.remote=true")
        done = said(tmp_path, "run", *asked, *SMALL, "hydra.run.dir=there")
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(tmp_path / "there")
    assert [row[name] for name in ("arch", "cpu", "os", "host", "machine")] == [""] * 5
    assert OTHER_MACHINE.name in row["flags"].split(";")
    assert "unknown architecture" in done.stdout
    (record,) = records_of(tmp_path / "there")
    assert set(record["environment"]) == {"python", "packages", "git"}, "the client's own, and nothing of its machine"
    again = said(tmp_path, "report", "there")
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.slow
def test_a_server_that_stops_early_is_a_failed_row_that_says_so(tmp_path: Path) -> None:
    with serving(Behaviour(stops_after=5)) as url:
        done = said(
            tmp_path, "run", "engine=openai", f"model={FILE}", f"engine_args.url={url}", *SMALL, "hydra.run.dir=r"
        )
    assert done.returncode == 1
    (row,) = rows_of(tmp_path / "r")
    assert (row["status"], row["decode_tok_per_s"], row["threads"]) == ("failed", "", "")
    assert "expected 8 tokens, found that the server stopped after 5" in done.stdout


@pytest.mark.slow
def test_another_server_at_the_same_place_is_not_pooled(tmp_path: Path) -> None:
    behaviour = Behaviour(models=("one",))
    with serving(behaviour) as url:
        asked = ("engine=openai", f"model={FILE}", f"engine_args.url={url}", *SMALL, "hydra.run.dir=r")
        assert said(tmp_path, "run", *asked).returncode == 0
        behaviour.models = ("another",)
        assert said(tmp_path, "run", *asked).returncode == 0
    assert {record["versions"]["served model"] for record in records_of(tmp_path / "r")} == {"one", "another"}
    assert len(rows_of(tmp_path / "r")) == 2
