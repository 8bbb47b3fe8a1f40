"""An engine is a folder, a spec and a name in a list: one is added to a copy of smjax, measured, and carries no JAX."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

ENGINE = '''
"""An engine that knows the answer to everything: the successor."""

import sys

import numpy as np

from smjax.core.records.answer import Memory, Ran
from smjax.worker.engines.stepwise import Stepwise


def make(request, model):
    return Tiny(request)


class Tiny(Stepwise):
    choice_ns = None

    def __init__(self, request):
        self.request, self.last, self.n_vocab = request, 0, 100
        self.number = request.prepared.get("think", {}).get("number")  # not yet where the step is taken

    def versions(self):
        return {"jax is here": str("jax" in sys.modules), "jaxlib is here": str("jaxlib" in sys.modules)}

    def load(self):
        self.table = np.arange(1, self.n_vocab + 1) % self.n_vocab

    def compile(self):
        pass

    def prefill(self, prompt):
        self.last = int(self.table[prompt[-1] % self.n_vocab])
        return self.last

    def decode(self, n_ids):
        for _ in range(n_ids):
            self.last = int(self.table[self.last])
            yield np.array([self.last])

    def check(self, prompt):
        return {"distance": 0.0}

    def read_bandwidth(self):
        return None

    def describe(self, answer):
        answer.resolved = Ran("table", "auto", "none")
        answer.variants = {"number": str(self.number)}
        answer.memory = Memory(weight_bytes=self.table.nbytes, kv_bytes=0)
        answer.bytes_per_token = 8

    def ahead(self, step):
        return {"number": 42}, {}
'''

SPEC = '''
"""Tiny."""

from smjax.core.engines.spec import EngineSpec, KernelSpec, StepAhead

SPEC = EngineSpec(
    name="tiny",
    packages=("numpy",),
    modules=("numpy",),
    install="pip install numpy",
    kernels=(KernelSpec("table", lambda host: (), "none"),),
    kv_dtypes=("none",),
    model_formats=("preset",),
    worker_bytes=50e6,
    variables=lambda resolved: {"TINY_THREADS": str(resolved.scenario.threads)},
    ahead=(StepAhead("think", depends_on=("threads",)),),
)
'''

PRELUDE = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in type(finder).__module__]
sys.path.insert(0, {copy!r})
import smjax
assert smjax.__file__.startswith({copy!r}), smjax.__file__
"""
"""An editable installation would bring the checkout's own smjax."""

WORKER = "from smjax.worker.__main__ import main; main()"

RUN = """
import dataclasses
import smjax.run
from smjax.sweep.process.local import LocalLauncher
launcher = LocalLauncher((sys.executable, "-P", "-c", {worker!r}))
sys.exit(smjax.run.main(dataclasses.replace(smjax.run.real_outside(), launcher=launcher)))
"""


@pytest.fixture
def with_tiny(tmp_path: Path) -> Path:
    """A copy of smjax with the engine in it: a folder, a spec, a name."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "smjax", copy / "smjax", ignore=shutil.ignore_patterns("__pycache__", "lib"))
    shutil.copytree(ROOT / "conf", copy / "smjax" / "conf", symlinks=False)
    folder, specs = copy / "smjax" / "worker" / "engines" / "tiny", copy / "smjax" / "core" / "engines"
    folder.mkdir()
    (folder / "__init__.py").write_text(ENGINE)
    (specs / "tiny.py").write_text(SPEC)
    listed = (specs / "__init__.py").read_text()
    assert listed.count('    "smjax",\n') == 1
    (specs / "__init__.py").write_text(listed.replace('    "smjax",\n', '    "smjax",\n    "tiny",\n'))
    return copy


def run(copy: Path, *overrides: str) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    prelude = PRELUDE.format(copy=str(copy))
    code = prelude + RUN.format(worker=prelude + WORKER)
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *overrides, "hydra.run.dir=run"],
        cwd=copy.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done, [json.loads(path.read_text()) for path in (copy.parent / "run" / "records").glob("*.json")]


@pytest.mark.slow
def test_an_engine_is_measured_like_any_other(with_tiny: Path) -> None:
    done, records = run(with_tiny, "engine=tiny", "threads=1", "measure.replicates=2", "measure.budget_s=0", "n_gen=20")
    assert done.returncode == 0, done.stderr
    assert [record["status"] for record in records] == ["ok", "ok"]
    for record in records:
        without_jax = {"jax is here": "False", "jaxlib is here": "False"}
        assert record["versions"] == {"python": sys.version.split()[0], **without_jax}
        assert record["resolved"] == {"kernel": "table", "isa": "auto", "kv_dtype": "none"}
        assert (record["variants"], record["variables"]) == ({"number": "42"}, {"TINY_THREADS": "1"})
        assert len(record["samples"][0]["token_ns"]) == 19
        assert len(record["ids"]) == 20
        assert all((after - before) % 100 == 1 for before, after in pairwise(record["ids"]))
        assert record["memory"]["peak_rss_bytes"] < 100e6, "JAX alone takes 170 MB"
    assert "| tinystories-1m |" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["engine=tiny", "kernel=native"], "kernel: expected one of auto, table, found native"),
        (["engine=tinny"], "engine: expected one of smjax, tiny, llama_cpp, found tinny"),
        (["engine=tiny", "kv_dtype=float16"], "kv_dtype: expected one of auto, none, found float16"),
    ],
)
def test_what_the_engine_cannot_do_is_refused(overrides: list[str], said: str, with_tiny: Path) -> None:
    done, records = run(with_tiny, *overrides)
    assert (done.returncode, records) == (2, [])
    assert said in done.stderr
