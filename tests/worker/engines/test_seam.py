"""An engine of another package: installed as its documentation says, asked for by name, and measured like any other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smjax.core.engines.third_party import find
from tests.plugins import SPEC, install

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "engine"
MODEL = ROOT / "tests" / "data" / "shakespeare-q4_0.gguf"
QUICK = ("measure=quick", "measure.iterations=2", "measure.warmup=1", "threads=1", "n_gen=20", "ctx=64")

STEPPING = (
    SPEC.replace(
        "worker_bytes",
        "variables=lambda resolved: {'TOY_THREADS': resolved.scenario.threads},"
        "ahead=(StepAhead('think', depends_on=('threads',)),), worker_bytes",
    ),
    """
import sys
import numpy as np
from smjax.core.records.answer import Ran
from smjax.worker.engines.stepwise import Stepwise

def make(request, model):
    return Toy(request.prepared.get("think", {}).get("number"))  # not yet where the step is taken

class Toy(Stepwise):
    def __init__(self, number):
        self.number = number

    def versions(self):
        return {name: "is here" for name in ("jax", "jaxlib", "scipy", "hydra", "polars") if name in sys.modules}

    def prefill(self, prompt):
        self.last = int(prompt[-1]) % 100
        return self.last

    def decode(self, n_ids):
        for _ in range(n_ids):
            self.last = (self.last + 1) % 100
            yield np.array([self.last])

    def check(self, prompt):
        return {"distance": 0.0}

    def describe(self, answer):
        answer.resolved = Ran("table", "auto", "none")
        answer.variants = {"number": str(self.number)}

    def ahead(self, step):
        return {"number": 42}, {}
""",
)
"""An engine with a step ahead of a sweep, that answers by counting."""


@pytest.fixture(scope="module")
def bigram(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, installed from a copy, as pip leaves its files beside it."""
    place, copy = tmp_path_factory.mktemp("place"), tmp_path_factory.mktemp("source") / "engine"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", str(place), str(copy)], check=True, capture_output=True)
    return place


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return install(tmp_path / "place", {"toy/__init__.py": STEPPING[0], "toy/engine.py": STEPPING[1]})


def smjax(place: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command with the packages of a folder."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "smjax", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def records(run: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((run / "records").glob("*.json"))]


def test_the_example_is_short() -> None:
    assert sum(len(path.read_text().splitlines()) for path in EXAMPLE.rglob("*.py")) <= 60


def test_the_example_is_swept_over_with_an_argument_of_its_own(bigram: Path, tmp_path: Path) -> None:
    asked = ("engine=bigram", "engine_args.smoothing=1,0.01", f"model={MODEL}", *QUICK, "hydra.sweep.dir=run")
    done = smjax(bigram, tmp_path, "run", "-m", *asked)
    assert done.returncode == 0, done.stderr
    found = records(tmp_path / "run")
    assert sorted(record["scenario"]["engine_args"]["smoothing"] for record in found) == ["0.01", "1"]
    for record in found:
        assert record["environment"]["packages"].keys() == {"numpy", "smjax-bigram", "smjax"}
        assert record["environment"]["packages"]["smjax-bigram"] == "1.0"
        assert record["resolved"] == {"kernel": "counts", "isa": "auto", "kv_dtype": "none"}
        assert record["checks"]["sum"] < 1e-9
        assert len(record["samples"][0]["token_ns"]) == 19
        assert record["memory"]["peak_rss_bytes"] < 100e6, "JAX alone takes 170 MB"


def test_the_example_answers_as_counting_says(bigram: Path, tmp_path: Path) -> None:
    ids = [5, 7, 5, 7, 5, 9, 5]
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    asked = ("--engine", "bigram", "--model", str(MODEL), "--ids-file", "ids.json", "--n-gen", "3")
    done = smjax(bigram, tmp_path, "eval", *asked)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    counts = {5: {7: 2, 9: 1}, 7: {5: 2}, 9: {5: 1}}
    after = {token: sum(counts[token].values()) + 1024 for token in counts}
    expected = [np.log(after[a] / (counts[a][b] + 1)) for a, b in pairwise(ids)]
    assert answer["nll_mean"] == pytest.approx(np.mean(expected))
    assert answer["greedy"] == [7, 5, 7]
    assert len(answer["logits"]) == 1024
    assert answer["kernel"] == "counts"


def test_help_names_it_and_its_argument(bigram: Path, tmp_path: Path) -> None:
    said = " ".join(smjax(bigram, tmp_path, "run", "--help").stdout.split())
    assert ", bigram)" in said
    assert "of bigram: what is added to each count (1, 0.01)" in said


def test_a_change_of_its_files_starts_anew(toy: Path, tmp_path: Path) -> None:
    asked = ("run", "engine=toy", f"model={MODEL}", *QUICK, "hydra.run.dir=run")
    assert smjax(toy, tmp_path, *asked).returncode == 0
    again = smjax(toy, tmp_path, *asked)
    assert "1 of the folder's 1 records are processes of this sweep and stay" in again.stderr
    (toy / "toy" / "table.bin").write_bytes(b"other weights")
    changed = smjax(toy, tmp_path, *asked)
    assert "0 of the folder's 1 records are processes of this sweep and stay" in changed.stderr
    assert len({record["identity"] for record in records(tmp_path / "run")}) == 2


def test_its_worker_carries_nothing_of_others_and_is_handed_what_was_found_ahead(toy: Path, tmp_path: Path) -> None:
    done = smjax(toy, tmp_path, "run", "engine=toy", *QUICK, "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    (record,) = records(tmp_path / "run")
    assert record["versions"] == {"python": sys.version.split()[0]}
    assert (record["variants"], record["variables"]) == ({"number": "42"}, {"TOY_THREADS": "1"})
    assert all((after - before) % 100 == 1 for before, after in pairwise(record["ids"]))
    assert "| tinystories-1m |" in done.stdout


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["engine=toy", "kernel=native"], "kernel: expected one of auto, table, found native"),
        (["engine=toi"], "engine: expected one of smjax, llama_cpp"),
        (["engine=toy", "kv_dtype=float16"], "kv_dtype: expected one of auto, none, found float16"),
    ],
)
def test_what_it_cannot_do_is_refused(overrides: list[str], said: str, toy: Path, tmp_path: Path) -> None:
    done = smjax(toy, tmp_path, "run", *overrides)
    assert done.returncode == 2
    assert done.stderr.startswith(f"smjax: {said}")
    assert done.stderr.count("\n") == 1


def test_one_that_is_broken_stops_nobody_but_who_asks_for_it(tmp_path: Path) -> None:
    place = install(tmp_path / "place", {"toy.py": "import a_library_that_is_not_here"})
    said = (
        "smjax: engine toy of toy-engine 1.0: expected toy:SPEC to be imported, found ModuleNotFoundError: "
        "No module named 'a_library_that_is_not_here'; repair or uninstall it; left out\n"
    )
    assert "toy" not in smjax(place, tmp_path, "--help").stdout
    asked = smjax(place, tmp_path, "run", "engine=toy")
    assert (asked.returncode, asked.stdout, asked.stderr) == (2, "", said)
    argued = smjax(place, tmp_path, "run", "engine=toy", "engine_args.loud=1")
    assert (argued.returncode, argued.stderr.count("\n")) == (2, 1)
    assert "expected a setting of an engine that is here, found engine_args.loud; engine toy of" in argued.stderr
    (tmp_path / "ids.json").write_text("[1, 2, 3]")
    answer = ("eval", "--model", str(MODEL), "--ids-file", "ids.json", "--n-gen", "2", "--kernel", "xla")
    other = smjax(place, tmp_path, *answer)
    assert (other.returncode, other.stderr) == (0, said)
    assert list(json.loads(other.stdout)) == ["nll_mean", "logits", "greedy", "kernel", "isa"]
    named = smjax(place, tmp_path, *answer, "--engine", "toy")
    assert (named.returncode, named.stdout, named.stderr) == (2, "", said)


def test_the_path_of_the_tests_has_none() -> None:
    assert find(taken=()).specs == {}
