from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.core import native_library as native
from smjax.core.errors import RequestError
from smjax.core.records.answer import Answer, Ran
from smjax.core.records.request import Request
from smjax.sweep.process.launcher import OnPhase, Outcome
from smjax.sweep.process.local import LocalLauncher
from smjax.sweep.run.evaluate import EvalRequest, WorkerFailed, evaluate, read_ids
from tests.architectures.build import Case, write
from tests.sweep.processes import FAKE

MODEL = Path(__file__).parents[2] / "data" / "shakespeare-q4_0.gguf"
Ask = Callable[..., int]


def test_the_answer_is_one_line_of_json(ask: Ask, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask([1, 2, 3], model=str(MODEL)) == 0
    said = capfd.readouterr()
    assert (said.err, said.out.count("\n")) == ("", 1)
    answer = json.loads(said.out)
    assert list(answer) == ["nll_mean", "logits", "greedy", "kernel", "isa"]
    assert answer["greedy"][0] == answer["logits"].index(max(answer["logits"]))
    assert len(answer["greedy"]) == 2
    assert answer["kernel"] == ("native" if set(native.isas()) - {"scalar"} else "xla")


@pytest.mark.slow
def test_what_a_file_has_beside_the_text_is_named_once(
    ask: Ask, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(Case("gemma3", others={"v.patch_embd.weight": (32, 32)}), tmp_path / "seen.gguf")
    assert ask([4, 5, 6], model=str(path)) == 0
    named = "seen.gguf: tensors that no text passes through are ignored (1): v.patch_embd.weight"
    assert capfd.readouterr().err == f"smjax: {named}\n"


REFUSED = {
    "[1, 2": "ids.json: expected a JSON list of token ids, found: Expecting ',' delimiter: line 1 column 6 (char 5)",
    "[]": "ids.json: expected a JSON list of token ids, found []",
    '{"ids": 1}': 'ids.json: expected a JSON list of token ids, found {"ids": 1}',
    "[1, true]": "ids.json: [1]: expected a token id, found true",
    "[1, 2.0]": "ids.json: [1]: expected a token id, found 2.0",
    "[1, 50257]": "ids.json: [1]: expected an id below tinystories-1m's vocabulary of 50257, found 50257",
    "[-1]": "ids.json: [0]: expected an id below tinystories-1m's vocabulary of 50257, found -1",
}


@pytest.mark.parametrize("ids", REFUSED)
def test_wrong_ids_are_refused(ids: str, ask: Ask, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(ids) == 2
    assert capfd.readouterr() == ("", f"smjax: {REFUSED[ids]}\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ctx", "4"], "ctx: expected at least n_prompt + n_gen = 3 + 2 = 5, found 4"),
        (["--ctx", "5000"], "ctx: tinystories-1m was trained on 2048 tokens, found 5000; use ctx<=2048"),
        (["--n-gen", "-1"], "--n-gen: expected at least 0, found -1"),
        (["--timeout", "0"], "--timeout: expected more than 0, found 0"),
        (["--timeout", "nan"], "--timeout: expected more than 0, found nan"),
        (["--threads", "0"], "threads: expected at least 1, found 0"),
        (["--kernel", "nope"], "kernel: expected one of auto"),
        (["--isa", "nope"], "isa: expected one that this CPU runs, auto"),
        (["--model", "nope.gguf"], "nope.gguf: expected a GGUF file, found no such file"),
        (
            ["--ids-file", "nope.json"],
            "nope.json: expected a readable file of token ids, found no such file; check the path",
        ),
        (["--threads", "x"], "eval: argument --threads: invalid int value: 'x'; see smjax eval --help"),
    ],
)
def test_a_wrong_request_is_refused(options: list[str], said: str, ask: Ask, capfd: pytest.CaptureFixture[str]) -> None:
    try:
        code: int | str | None = ask([1, 2, 3], *options)
    except SystemExit as stop:  # argparse leaves so
        code = stop.code
    errors = capfd.readouterr().err
    assert code == 2
    assert errors.startswith(("smjax: " if "argument" not in said else "smjax ") + said)
    assert errors.count("\n") == 1


ANSWER: dict[str, Any] = {"nll_mean": 1.0, "logits": [], "greedy": []}


class Answering:
    """A launcher whose workers know the answer."""

    def __init__(self, ran: Ran | None = None) -> None:
        self.requests: list[Request] = []
        self.ran = ran

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        self.requests.append(request)
        return Outcome("ok", "", 1, Answer("ok", resolved=self.ran, evaluation=ANSWER))


@pytest.mark.parametrize(("n_gen", "ctx"), [(0, 2048), (1, 2048), (2, 2048)])
def test_few_generated_tokens_and_a_full_context_are_fine(n_gen: int, ctx: int, empty_dir: Path) -> None:
    ids, launcher = [1] * (ctx - n_gen), Answering()
    (empty_dir / "ids.json").write_text(json.dumps(ids))
    answer = json.loads(evaluate(EvalRequest("tinystories-1m", Path("ids.json"), n_gen), launcher))
    (request,) = launcher.requests
    assert (request.task, request.resolved.scenario.ctx, request.ids) == ("evaluate", ctx, ids)
    assert list(answer) == ["nll_mean", "logits", "greedy", "kernel", "isa"]
    assert (answer["nll_mean"], answer["kernel"]) == (1.0, request.resolved.kernel)


def test_what_the_worker_computed_with_is_what_it_says_itself(empty_dir: Path) -> None:
    """Where it was left to the engine, nobody else knows."""
    (empty_dir / "ids.json").write_text("[1, 2]")
    launcher = Answering(Ran("ggml", "avx512", "float16"))
    answer = json.loads(evaluate(EvalRequest("tinystories-1m", Path("ids.json"), 2), launcher))
    assert (answer["kernel"], answer["isa"]) == ("ggml", "avx512")


def test_a_worker_that_fails_says_why(empty_dir: Path) -> None:
    (empty_dir / "ids.json").write_text("[1, 2]")
    fake = LocalLauncher((sys.executable, str(FAKE), "raises"))
    with pytest.raises(WorkerFailed, match=r"^failed: ValueError: the matrix is not there$"):
        evaluate(EvalRequest("tinystories-1m", Path("ids.json"), 2), fake)


def test_a_failing_worker_is_exit_code_1(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> str:
        raise WorkerFailed("failed: for a reason")

    monkeypatch.setattr("smjax.sweep.run.evaluate.evaluate", fails)
    assert ask([1, 2]) == 1
    assert capfd.readouterr() == ("", "smjax: failed: for a reason\n")


def test_deeply_nested_ids_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    path.write_text("[" * 100_000)
    with pytest.raises(RequestError, match="expected a JSON list of token ids"):
        read_ids(path)
