"""Files of every architecture: both kernels beside the float64 decoder and beside what llama.cpp answered.

Models of random weights amplify what rounding activations to 8 bits costs, so the bound is llama.cpp's own distance
from the float64 decoder of the same stored weights. Which way a value is rounded is chance: of 90 models, each case
with five seeds, the two distances, a median of ten prompts each, were 0.6 to 1.5 of each other, in one of five above
1.1; their mean was 0.9 to 1.1 for each case, and 1.0 over all. Float64 with nothing but the inputs of products rounded
is as far away as both. (A wrong rotation, norm or window: above 100.)
"""

from __future__ import annotations

import functools
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smjax.core.models.source import open_model
from tests.architectures.answers import CTX, N_PROMPT, N_PROMPTS, kept, prompts
from tests.architectures.build import digest, write
from tests.architectures.cases import CASES
from tests.architectures.float64 import Float64Decoder
from tests.reference import nmse
from tests.surroundings import FUZZ
from tests.worker.models import KERNELS, loaded_engine
from tests.worker.runner import Runner

pytestmark = pytest.mark.slow

NEAR_TIE = 0.2
"""Between the best score and the second, of scores with a variance of 1 to 4: rounding may turn them around."""
SOME = ("llama, biases", "qwen3", "gemma2", "gemma3", "phi3, long", "gpt2", "olmo2", "granite", "stablelm, parallel")
"""Cases that have together all that a decoder computes: XLA compiles each for several seconds."""
XLA = CASES if FUZZ in os.environ else SOME
RUN = [("native", name) for name in CASES] + [("xla", name) for name in XLA]
SHORT = RUN if FUZZ in os.environ else [("native", "gemma3"), ("native", "phi3, long")]
"""Those that are asked about a text of one id and of two, for which they are compiled anew."""
NATIVE_MARKS = KERNELS[1].marks  # type: ignore[attr-defined]


def marked(runs: list[tuple[str, str]]) -> list[Any]:
    return [pytest.param(*run, marks=NATIVE_MARKS if run[0] == "native" else (), id="-".join(run)) for run in runs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("architectures")


@functools.cache
def file_of(name: str, folder: Path) -> Path:
    return write(CASES[name], folder / f"{list(CASES).index(name)}.gguf")


@functools.cache
def expected_of(name: str, folder: Path) -> np.ndarray:
    """float64[prompts, positions, V] after each of the prompt's ids and of those that llama.cpp chose."""
    decoder = Float64Decoder(file_of(name, folder), CTX)
    texts = zip(prompts(CASES[name]), kept()[name]["answers"], strict=True)
    return np.stack([decoder.logits(prompt + answer["greedy"]) for prompt, answer in texts])


@functools.cache
def scores_of(kernel: str, name: str, folder: Path) -> np.ndarray:
    """f32[prompts, positions, V] after the prompt and after each of the ids that llama.cpp chose."""
    model = open_model("gguf", str(file_of(name, folder)), 0)
    runner = Runner(model, ctx=CTX, n_prompt=N_PROMPT, kernel=kernel, threads=2)
    found = []
    for prompt, answer in zip(prompts(CASES[name]), kept()[name]["answers"], strict=True):
        after_prompt = runner.prefill(np.array(prompt, np.int32))
        found.append([after_prompt, *runner.decode(np.array(answer["greedy"], np.int32), N_PROMPT)])
    return np.array(found)


def median_distance(found: Any, expected: np.ndarray) -> float:
    return float(np.median([nmse(np.array(one), other) for one, other in zip(found, expected, strict=True)]))


def ratios(kernel: str, name: str, folder: Path) -> dict[str, float]:
    """Our distance from the float64 decoder over llama.cpp's, after the prompt and after what was decoded."""
    answers, expected, scores = kept()[name]["answers"], expected_of(name, folder), scores_of(kernel, name, folder)
    found = {}
    for part, ours, position in (("prefill", scores[:, 0], N_PROMPT - 1), ("decode", scores[:, -1], -1)):
        theirs = median_distance([answer[part] for answer in answers], expected[:, position])
        found[part] = median_distance(ours, expected[:, position]) / max(theirs, 1e-5)
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_float64_decoder_means_what_llama_cpp_means(name: str, folder: Path) -> None:
    case, expected = kept()[name], expected_of(name, folder)
    assert case["digest"] == digest(CASES[name])
    assert len(case["answers"]) == N_PROMPTS
    for part, position in (("prefill", N_PROMPT - 1), ("decode", -1)):
        assert median_distance([answer[part] for answer in case["answers"]], expected[:, position]) < 2e-3, part


@pytest.mark.parametrize(("kernel", "name"), marked(RUN))
def test_answers_are_about_as_near_as_those_of_llama_cpp(kernel: str, name: str, folder: Path) -> None:
    assert max(ratios(kernel, name, folder).values()) <= 2


@pytest.mark.parametrize(("kernel", "name"), marked(RUN))
def test_ids_are_those_of_llama_cpp_but_for_near_ties(kernel: str, name: str, folder: Path) -> None:
    for scores, answer in zip(scores_of(kernel, name, folder), kept()[name]["answers"], strict=True):
        for step, (expected, gap) in enumerate(zip(answer["greedy"], answer["gaps"], strict=True)):
            assert gap < NEAR_TIE or scores[step].argmax() == expected, step


@pytest.mark.parametrize("kernel", KERNELS)
def test_over_all_models_answers_are_as_near_as_those_of_llama_cpp(kernel: str, folder: Path) -> None:
    found = [ratio for run in RUN if run[0] == kernel for ratio in ratios(*run, folder).values()]
    assert math.exp(np.mean(np.log(found))) <= 1.1


@pytest.mark.parametrize("n_ids", [1, 2])
@pytest.mark.parametrize(("kernel", "name"), marked(SHORT))
def test_texts_of_one_id_and_of_two(kernel: str, name: str, n_ids: int, folder: Path) -> None:
    engine = loaded_engine(open_model("gguf", str(file_of(name, folder)), 0), ctx=CTX, kernel=kernel, threads=n_ids)
    ids = prompts(CASES[name])[0][:n_ids]
    expected = Float64Decoder(file_of(name, folder), CTX).logits(ids)[-1]
    assert nmse(np.array(engine.evaluate(np.array(ids, np.int32), 1)["logits"]), expected) < 3e-3
