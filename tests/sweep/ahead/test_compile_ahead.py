from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.models.source import Model, open_model
from smjax.core.records.document import read_record
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.ahead import compile_ahead
from smjax.sweep.process import local as launcher

SCENARIO = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 1, 256, 128, 128, 1, "auto", 42, Measure(2, 5, 1, 600.0)
)  # fmt: skip
ENVIRONMENT: dict[str, Any] = {
    "host": "0123456789ab",
    "packages": {"jax": "0.10.2", "jaxlib": "0.10.2", "numpy": "2.3.0", "smjax": "0.1.0"},
    "cpu": {"arch": "x86_64", "simd": ["avx2", "avx512bw", "avx512dq", "avx512f", "avx512vl", "f16c", "fma"]},
}


def model() -> Model:
    return open_model("stories-15m", None, 42)


class Compiler:
    """Stands for the worker that compiles: notes what it was asked, and ends as it is told to."""

    def __init__(self) -> None:
        self.status, self.tasks, self.timeouts_s = "ok", [], []  # type: ignore[var-annotated]

    def run(self, task: dict[str, Any], *, timeout_s: float, on_phase: Callable[[str], None], **_: Any) -> Any:
        self.tasks.append(task)
        self.timeouts_s.append(timeout_s)
        on_phase("compile")
        return launcher.Outcome(self.status, "", 1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def compiler(home: Path, monkeypatch: pytest.MonkeyPatch) -> Compiler:
    stand_in = Compiler()
    monkeypatch.setattr(compile_ahead, "run_worker", stand_in.run)
    return stand_in


def ahead(scenario: Scenario = SCENARIO, of: Model | None = None, environment: Any = ENVIRONMENT) -> Path | None:
    return compile_ahead.compile_ahead(scenario, of or model(), environment, lambda phase: None, {})


def test_programs_are_compiled_into_the_folder_that_the_measurement_is_handed(compiler: Compiler, home: Path) -> None:
    phases: list[str] = []
    folder = compile_ahead.compile_ahead(SCENARIO, model(), ENVIRONMENT, phases.append, {})
    assert folder == home / "smjax" / "xla" / "0123456789ab"
    (task,) = compiler.tasks
    assert (task["task"], task["cache_dir"]) == ("compile", str(folder))
    assert (task["scenario"], task["isa"]) == (SCENARIO.to_json(), "avx512")
    assert compiler.timeouts_s == [600.0]
    assert phases == ["compile, ahead of the measurement"]


ELSEWHERE = {"n_gen": 100, "seed": 7, "measure": Measure(replicates=1, iterations=50, warmup=0, timeout_s=9.0)}
SHAPING = {"ctx": 512, "n_prompt": 100, "threads": 2, "tokens_per_dispatch": 8, "isa": "avx2", "kernel": "xla"}


@pytest.mark.parametrize("field", ELSEWHERE)
def test_what_programs_do_not_depend_on_compiles_nothing_again(field: str, compiler: Compiler) -> None:
    assert ahead() == ahead() == ahead(dataclasses.replace(SCENARIO, **{field: ELSEWHERE[field]}))
    assert len(compiler.tasks) == 1


@pytest.mark.parametrize(("field", "value"), [*SHAPING.items(), ("kv_dtype", "float16")])
def test_every_part_of_a_scenario_that_shapes_programs_counts(field: str, value: object, compiler: Compiler) -> None:
    assert ahead() == ahead(dataclasses.replace(SCENARIO, **{field: value}))
    assert len(compiler.tasks) == 2


@pytest.mark.parametrize(
    ("part", "key", "other"), [("packages", "jaxlib", "0.10.3"), ("cpu", "simd", ["avx2", "f16c", "fma"])]
)
def test_versions_and_simd_features_count(part: str, key: str, other: object, compiler: Compiler) -> None:
    environment = copy.deepcopy(ENVIRONMENT)
    environment[part][key] = other
    assert ahead() == ahead(environment=environment)
    assert len(compiler.tasks) == 2


def test_encodings_and_the_decoder_count(compiler: Compiler) -> None:
    other_encoding, other_decoder = model(), model()
    output = other_encoding.tensors["output.weight"]
    other_encoding.tensors["output.weight"] = dataclasses.replace(output, encoding=ENCODINGS["Q6_K"])
    other_decoder.config = dataclasses.replace(other_decoder.config, rope_base=5e5)
    for one in (model(), other_encoding, other_decoder, model()):
        ahead(of=one)
    assert len(compiler.tasks) == 3


def test_the_workers_sources_count(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (["first"], ["second"], ["second"]):
        monkeypatch.setattr(compile_ahead, "sources", lambda part, found=found: [part, *found])
        ahead()
    assert len(compiler.tasks) == 2


def test_hosts_do_not_share_programs(compiler: Compiler) -> None:
    assert ahead() != ahead(environment={**ENVIRONMENT, "host": "ba9876543210"})
    assert len(compiler.tasks) == 2


@pytest.mark.parametrize("status", ["failed", "killed", "timeout"])
def test_only_success_is_remembered(status: str, compiler: Compiler) -> None:
    compiler.status = status
    folder = ahead()
    assert folder is not None
    assert list(folder.iterdir()) == []
    compiler.status = "ok"
    ahead()
    ahead()
    assert len(compiler.tasks) == 2
    assert [path.suffix for path in folder.iterdir()] == [".done"]


def test_without_a_compilation_cache_nothing_is_compiled_ahead(compiler: Compiler, home: Path) -> None:
    measure = dataclasses.replace(SCENARIO.measure, compile_cache=False)
    assert ahead(dataclasses.replace(SCENARIO, measure=measure)) is None
    assert compiler.tasks == []
    assert not home.exists()


def test_a_mark_that_cannot_be_made_is_no_error(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "touch", refuse)
    assert ahead() is not None
    assert len(compiler.tasks) == 1


def test_the_cache_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SMJAX_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert compile_ahead.cache_folder("h") == tmp_path / "xdg" / "smjax" / "xla" / "h"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert compile_ahead.cache_folder("h") == tmp_path / "user" / ".cache" / "smjax" / "xla" / "h"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("SMJAX_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert compile_ahead.cache_folder("h") is None


# From here on with processes, through the main job.


def caches_of(run_dir: Path) -> list[str]:
    """The folder that each measurement was handed, as its worker answered."""
    records = [read_record(path) for path in sorted((run_dir / "records").iterdir())]
    assert {record["status"] for record in records} == {"ok"}
    return [record["compilation_cache"] for record in records]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each worker that compiles ended."""
    statuses: list[str] = []

    def counted(*task: Any, **more: Any) -> launcher.Outcome:
        outcome = launcher.run_worker(*task, **more)
        statuses.append(outcome.status)
        return outcome

    monkeypatch.setattr(compile_ahead, "run_worker", counted)
    return statuses


def test_a_second_sweep_compiles_nothing(
    run_job: Callable[..., int], fake_worker: Callable[[str], None], home: Path, started: list[str], empty_dir: Path
) -> None:
    fake_worker("ok")
    assert run_job("-m", "threads=1,2", "hydra.sweep.dir=first") == 0
    assert started == ["ok", "ok"]
    assert run_job("-m", "threads=1,2", "n_gen=64", "n_prompt=128", "hydra.sweep.dir=second") == 0
    assert started == ["ok", "ok"]
    (folder,) = set(caches_of(empty_dir / "first") + caches_of(empty_dir / "second"))
    assert len(list(Path(folder).glob("*.done"))) == 2


def test_a_sweep_without_a_compilation_cache(
    run_job: Callable[..., int], fake_worker: Callable[[str], None], started: list[str], empty_dir: Path
) -> None:
    fake_worker("ok")
    assert run_job("measure=quick", "measure.compile_cache=false", "hydra.run.dir=run") == 0
    assert (started, caches_of(empty_dir / "run")) == ([], ["None"])


def test_a_sweep_whose_cache_cannot_be_written(
    run_job: Callable[..., int],
    fake_worker: Callable[[str], None],
    started: list[str],
    empty_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_worker("ok")
    in_the_way = tmp_path_factory.mktemp("cache") / "file"
    in_the_way.write_text("mine")
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(in_the_way))
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    assert (started, caches_of(empty_dir / "run")) == ([], ["None"])
    assert in_the_way.read_text() == "mine"


def test_a_program_that_cannot_be_compiled_ahead_is_no_error_of_the_sweep(
    run_job: Callable[..., int], fake_worker: Callable[[str], None], started: list[str], empty_dir: Path
) -> None:
    fake_worker("cannot-compile")
    assert run_job("-m", "threads=1", "measure.replicates=2", "hydra.sweep.dir=run") == 0
    assert started == ["failed"]  # once, and not before each of its processes
    (folder,) = set(caches_of(empty_dir / "run"))
    assert list(Path(folder).iterdir()) == []
