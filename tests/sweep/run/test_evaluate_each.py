"""Several engines asked for the same: what they answer beside a reference, and what is refused before any is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smjax.core.engines import ENGINES, EngineSpec, KernelSpec
from smjax.core.records.answer import Answer
from smjax.core.records.request import Request
from smjax.report.render.grid import UNKNOWN
from smjax.sweep.process.launcher import OnPhase, Outcome

REFERENCES = Path(__file__).parents[2] / "data" / "expected.json"
MODEL = REFERENCES.with_name("shakespeare-q4_0.gguf")
Ask = Callable[..., int]

TOY = EngineSpec(
    name="toy",
    packages=(),
    modules=(),
    install="",
    kernels=(KernelSpec("one", lambda host: (), "none"), KernelSpec("two", lambda host: ("avx2",), "none")),
    kv_dtypes=("none",),
    model_formats=("preset", "gguf"),
    worker_bytes=0,
)
LOUD = replace(TOY, name="loud", kernels=TOY.kernels[:1])


class Several:
    """A launcher whose workers answer as their engine is told to."""

    def __init__(self, **answers: Outcome) -> None:
        self.answers, self.requests = answers, list[Request]()

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        self.requests.append(request)
        return self.answers[request.resolved.scenario.engine]


def answering(**evaluation: Any) -> Outcome:
    return Outcome("ok", "", 1, Answer("ok", evaluation=evaluation))


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Several]:
    """Two more engines, and what they answer."""
    monkeypatch.setitem(ENGINES._all, "toy", TOY)
    monkeypatch.setitem(ENGINES._all, "loud", LOUD)

    def answer(**answers: Outcome) -> Several:
        launcher = Several(**answers)
        monkeypatch.setattr("smjax.sweep.process.local.LocalLauncher", lambda: launcher)
        return launcher

    return answer


RIGHT = {"nll_mean": 2.0, "logits": [1.0, 2.0], "greedy": [5, 6, 7]}


def test_the_first_of_several_engines_is_the_reference(
    ask: Ask, several: Callable[..., Several], capfd: pytest.CaptureFixture[str]
) -> None:
    several(toy=answering(**RIGHT), loud=answering(nll_mean=2.5, logits=[1.0, 1.0], greedy=[5, 6, 9]))
    assert ask([1, 2, 3], "--engine", "toy,loud", "--format", "json", n_gen=3) == 0
    first, second = json.loads(capfd.readouterr().out)
    assert (first["engine"], first["kernel"], first["ids_agree"], first["ids_compared"]) == ("toy", "one", 3, 3)
    assert (second["engine"], second["nll_mean"], second["nll_difference"]) == ("loud", 2.5, 0.5)
    assert (second["logits_nmse"], second["ids_agree"], second["ids_compared"]) == (0.2, 2, 3)


def test_kernel_all_is_a_row_for_each(
    ask: Ask, several: Callable[..., Several], capfd: pytest.CaptureFixture[str]
) -> None:
    launcher = several(toy=answering(**RIGHT))
    assert ask([1, 2, 3], "--engine", "toy", "--kernel", "all", "--isa", "all", n_gen=3) == 0
    assert [(one.resolved.kernel, one.resolved.isa) for one in launcher.requests] == [("two", "avx2")]
    assert "| toy | two |" in capfd.readouterr().out


def test_an_engine_without_scores_is_held_against_a_file(
    ask: Ask, several: Callable[..., Several], empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    several(toy=answering(nll_mean=None, logits=None, greedy=[5, 8, 7]))
    (empty_dir / "ref.json").write_text(json.dumps([{"ids": [9]}, {"ids": [1, 2], "gaps": [1, 0.25, 1], **RIGHT}]))
    assert ask([1, 2], "--engine", "toy", "--reference", "ref.json", "--format", "md", n_gen=3) == 0
    said = capfd.readouterr().out.replace(UNKNOWN, "-")
    assert "Reference: ref.json." in said
    assert "| toy | one | - | - | - | 1 of 3 | 0.25 |" in said


def test_an_engine_that_fails_has_a_row_that_says_so(
    ask: Ask, several: Callable[..., Several], capfd: pytest.CaptureFixture[str]
) -> None:
    several(toy=answering(**RIGHT), loud=Outcome("killed", "killed by SIGSEGV (11) in phase load", 1))
    assert ask([1, 2, 3], "--engine", "toy,loud", n_gen=3) == 1
    said, errors = (text.replace(UNKNOWN, "-") for text in capfd.readouterr())
    assert errors == ""
    assert "| loud | one | - | - | - | - | killed: killed by SIGSEGV (11) in phase load |" in said
    assert "| toy | one | 2.0000 | +0.0000 | 0 | 3 of 3 | - |" in said


def test_a_reference_that_fails_is_said(
    ask: Ask, several: Callable[..., Several], capfd: pytest.CaptureFixture[str]
) -> None:
    several(toy=answering(nll_mean=float("nan"), logits=[], greedy=[]), loud=answering(**RIGHT))
    assert ask([1, 2, 3], "--engine", "toy,loud", n_gen=3) == 1
    said = capfd.readouterr().out.replace(UNKNOWN, "-")
    assert "Reference: toy one, which failed: nothing is held against it." in said
    assert "failed: nll_mean: expected a number of a finite size, found nan; the engine, or the model's weights" in said
    assert "| loud | one | 2.0000 | - | - | - | - |" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "toy,nowhere"], "engine: expected one of smjax"),
        (["--engine", "toy,"], "engine: expected one of smjax"),
        (["--engine", "toy,loud", "--kernel", "two"], "kernel: expected one of auto, one, found two"),
        (["--engine", "toy", "--reference", "no.json"], "no.json: expected a readable reference, found no such file"),
        (["--engine", "toy", "--reference", "ids.json"], "ids.json: expected a JSON object with greedy, nll_mean or l"),
        (["--engine", "toy", "--reference", "text"], "text: expected a JSON object with greedy, nll_mean or logits, f"),
        (
            ["--engine", "toy", "--reference", "other"],
            "other: expected an answer to the ids that are asked, found 1 to",
        ),
        (["--engine", "toy", "--reference", "wrong"], "wrong: greedy[1]: expected a whole number, found 'x'"),
        (["--engine", "toy", "--format", "md"], "--format: expected several engines or --reference with it, found one"),
    ],
)
def test_nothing_runs_where_one_of_several_is_refused(
    options: list[str],
    said: str,
    ask: Ask,
    several: Callable[..., Several],
    empty_dir: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    launcher = several()
    (empty_dir / "text").write_text("not JSON")
    (empty_dir / "other").write_text(json.dumps({**RIGHT, "ids": [3, 2, 1]}))
    (empty_dir / "wrong").write_text('{"greedy": [1, "x"]}')
    assert ask([1, 2, 3], *options) == 2
    errors = capfd.readouterr().err
    assert errors.startswith(f"smjax: {said}")
    assert (errors.count("\n"), launcher.requests) == (1, [])


def test_of_a_file_of_many_references_the_one_to_these_ids_is_taken(
    ask: Ask, several: Callable[..., Several], capfd: pytest.CaptureFixture[str]
) -> None:
    known = json.loads(REFERENCES.read_text())["models"][MODEL.name][1]
    several(toy=answering(nll_mean=known["nll_mean"], logits=known["logits"], greedy=[*known["greedy"][:20], 0, 1]))
    options = ("--engine", "toy", "--reference", str(REFERENCES), "--format", "json")
    assert ask(known["ids"], *options, model=str(MODEL)) == 0
    (row,) = json.loads(capfd.readouterr().out)
    assert (row["nll_difference"], row["logits_nmse"]) == (0, 0)
    assert (row["ids_agree"], row["ids_compared"], row["gap"]) == (20, 22, known["gaps"][20])
