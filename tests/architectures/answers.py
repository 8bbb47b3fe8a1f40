"""What llama.cpp answers to the cases, kept in `tests/data/architectures.json`.

    python -m tests.architectures.answers        # with the extra llama-cpp installed: writes the file anew

Ten prompts of 24 ids each: the logits after the prompt, computed at once; ids that are chosen greedily from there, each
computed alone, with the gap between the best score and the second; the logits after the last of them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.architectures.build import Case, digest, write
from tests.architectures.cases import CASES

PATH = Path(__file__).parents[1] / "data" / "architectures.json"
N_PROMPTS, N_PROMPT, N_GREEDY, CTX = 10, 24, 8, 256


def prompts(case: Case) -> list[list[int]]:
    """Ids of every prompt."""
    raw = np.random.PCG64([case.seed, 7]).random_raw(N_PROMPTS * N_PROMPT) % np.uint64(case.n_vocab - 4) + np.uint64(4)
    return [[int(i) for i in row] for row in raw.reshape(N_PROMPTS, N_PROMPT)]


def kept() -> dict[str, Any]:
    """The answers by case; each has `digest`, and `answers` with `prefill`, `greedy`, `gaps` and `decode`."""
    found: dict[str, Any] = json.loads(PATH.read_text())["cases"]
    return found


def _ask(path: Path, case: Case) -> list[dict[str, Any]]:
    from smjax.worker.engines.llama_cpp.library import Context, Settings, Weights

    context = Context(Weights(path, mmap=True), Settings(CTX, 1, "float16", flash_attn="auto"))
    answers = []
    for prompt in prompts(case):
        context.keep(0)
        context.compute(np.array(prompt, np.int32))
        scores = context.scores().copy()
        answer: dict[str, Any] = {"prefill": _rounded(scores), "greedy": [], "gaps": []}
        for _ in range(N_GREEDY):
            second, best = np.sort(scores)[-2:]
            answer["gaps"].append(round(float(best - second), 4))
            answer["greedy"].append(int(scores.argmax()))
            context.compute_one(answer["greedy"][-1])
            scores = context.scores().copy()
        answers.append({**answer, "decode": _rounded(scores)})
    return answers


def _rounded(scores: np.ndarray) -> list[float]:
    return [float(f"{x:.6g}") for x in scores]


def _written(cases: dict[str, Any], versions: dict[str, str]) -> str:
    """One line an answer, so that a change can be read."""
    lines = []
    for name, case in cases.items():
        answers = ",\n".join(json.dumps(answer) for answer in case["answers"])
        lines.append(f'{json.dumps(name)}: {{"digest": "{case["digest"]}", "answers": [\n{answers}]}}')
    made = "by python -m tests.architectures.answers: greedy, one thread, KV cache float16, 256 positions"
    head = {"made": made, **{name: text for name, text in versions.items() if name.startswith(("llama", "ggml"))}}
    return "{" + json.dumps(head)[1:-1] + ', "cases": {\n' + ",\n".join(lines) + "}}\n"


def main(names: list[str]) -> None:
    from smjax.worker.engines.llama_cpp import build, library

    library.start()
    cases = kept() if names and PATH.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, case) in enumerate(CASES.items()):
            if not names or name in names:
                path = write(case, Path(folder) / f"{i}.gguf")
                cases[name] = {"digest": digest(case), "answers": _ask(path, case)}
                path.unlink()
    PATH.write_text(_written({name: cases[name] for name in CASES if name in cases}, build.versions()))


if __name__ == "__main__":
    main(sys.argv[1:])
