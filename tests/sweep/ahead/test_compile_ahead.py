from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.engines import introduction
from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.records.document import read_record
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure
from smjax.sweep.ahead.cache import cache_folder
from smjax.sweep.process.launcher import Launcher, OnPhase, Outcome
from tests.sweep.ahead.engine_steps import HOST, SCENARIO, StepTaker, model, ready, ready_in
from tests.sweep.conftest import Handed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def compiler(home: Path) -> StepTaker:
    return StepTaker()


@pytest.fixture(autouse=True)
def _native(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has: the native kernel, which needs no tuning, is what `auto` becomes."""
    monkeypatch.setattr("smjax.core.native_library.isas", lambda: ("avx512", "avx2", "scalar"))


def test_programs_are_compiled_into_the_folder_that_the_measurement_is_handed(compiler: StepTaker, home: Path) -> None:
    phases: list[str] = []
    folder = ready(compiler, on_phase=phases.append).cache_dir
    assert folder is not None
    assert folder.parent == home / "smjax" / "smjax" / "0123456789ab"
    (request,) = compiler.requests
    assert (request.task, request.step, request.cache_dir) == ("ahead", "compile", str(folder))
    assert (request.resolved.scenario, request.resolved.isa) == (SCENARIO, "avx512")
    assert compiler.timeouts_s == [600.0]
    assert phases == ["compile, ahead of the measurement"]


ELSEWHERE = {"n_gen": 100, "seed": 7, "measure": Measure(replicates=1, iterations=50, warmup=0, timeout_s=9.0)}
SHAPING = {"ctx": 512, "n_prompt": 100, "threads": 2, "tokens_per_dispatch": 8, "isa": "avx2", "kv_dtype": "bfloat16"}


@pytest.mark.parametrize("field", ELSEWHERE)
def test_what_programs_do_not_depend_on_compiles_nothing_again(field: str, compiler: StepTaker) -> None:
    assert (
        ready_in(compiler)
        == ready_in(compiler)
        == ready_in(compiler, dataclasses.replace(SCENARIO, **{field: ELSEWHERE[field]}))
    )
    assert len(compiler.requests) == 1


@pytest.mark.parametrize(("field", "value"), SHAPING.items())
def test_every_part_that_shapes_programs_counts(field: str, value: object, compiler: StepTaker) -> None:
    assert ready_in(compiler) == ready_in(compiler, dataclasses.replace(SCENARIO, **{field: value}))
    assert len(compiler.requests) == 2


@pytest.mark.parametrize(
    ("part", "key", "other"), [("packages", "jaxlib", "0.10.3"), ("cpu", "simd", ["avx2", "f16c", "fma"])]
)
def test_versions_and_simd_features_count(part: str, key: str, other: object, compiler: StepTaker) -> None:
    host = copy.deepcopy(HOST)
    host[part][key] = other
    assert ready_in(compiler) == ready_in(compiler, host=host)
    assert len(compiler.requests) == 2


def test_encodings_and_the_decoder_count(compiler: StepTaker) -> None:
    other_encoding, other_decoder = model(), model()
    output = other_encoding.tensors["output.weight"]
    other_encoding.tensors["output.weight"] = dataclasses.replace(output, encoding=ENCODINGS["Q6_K"])
    other_decoder.config = dataclasses.replace(other_decoder.config, rope_base=5e5)
    for one in (model(), other_encoding, other_decoder, model()):
        ready_in(compiler, of=one)
    assert len(compiler.requests) == 3


def test_the_workers_files_count(compiler: StepTaker, monkeypatch: pytest.MonkeyPatch) -> None:
    for found in ("first", "second", "second"):
        monkeypatch.setattr(introduction, "_files", lambda engine, found=found: f"{engine.name} {found}")
        ready_in(compiler)
    assert len(compiler.requests) == 2


def test_two_builds_of_one_version_do_not_share_programs(compiler: StepTaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """JAX would take those of one for the other's, as it calls them by version."""
    folders = []
    for found in ("first", "second", "second"):
        monkeypatch.setattr(introduction, "_libraries", lambda engine, found=found: found * 16)
        folders.append(ready_in(compiler))
    assert len(compiler.requests) == 2
    assert folders[0] != folders[1] == folders[2]


def test_hosts_do_not_share_programs(compiler: StepTaker) -> None:
    assert ready_in(compiler) != ready_in(compiler, host={**HOST, "host": "ba9876543210"})
    assert len(compiler.requests) == 2


@pytest.mark.parametrize("status", ["failed", "killed", "timeout"])
def test_only_success_is_remembered(status: str, compiler: StepTaker) -> None:
    compiler.status = status
    folder = ready_in(compiler)
    assert folder is not None
    assert list(folder.rglob("*.json")) == []
    compiler.status = "ok"
    ready_in(compiler)
    ready_in(compiler)
    assert len(compiler.requests) == 2
    assert [path.parent.name for path in folder.rglob("*.json")] == ["compile"]


def test_without_a_compilation_cache_nothing_is_compiled_ahead(compiler: StepTaker, home: Path) -> None:
    measure = dataclasses.replace(SCENARIO.measure, compile_cache=False)
    assert ready_in(compiler, dataclasses.replace(SCENARIO, measure=measure)) is None
    assert compiler.requests == []
    assert not home.exists()


def test_a_mark_that_cannot_be_made_is_no_error(compiler: StepTaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    assert ready_in(compiler) is not None
    assert len(compiler.requests) == 1


def test_the_cache_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SMJAX_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder("e", "h", "l") == tmp_path / "xdg" / "smjax" / "e" / "h" / "l"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert cache_folder("e", "h", "l") == tmp_path / "user" / ".cache" / "smjax" / "e" / "h" / "l"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("SMJAX_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder("e", "h", "l") is None


# From here on with processes, through the main job.


def caches_of(run_dir: Path) -> list[str]:
    """The folder that each measurement was handed, as its worker answered."""
    records = [read_record(path) for path in sorted((run_dir / "records").iterdir())]
    assert {record["status"] for record in records} == {"ok"}
    return [record["compilation_cache"] for record in records]


class Counting:
    """Notes how each worker ended that took a step ahead."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher, self.statuses = launcher, list[str]()

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        outcome = self.launcher.run(request, timeout_s, on_phase)
        if request.task == "ahead":
            self.statuses.append(outcome.status)
        return outcome


@pytest.fixture
def counted(handed: Handed, fake_worker: Callable[[str], None]) -> Callable[[str], list[str]]:
    """Let the fake worker, behaving as named, be counted."""

    def behave(how: str) -> list[str]:
        fake_worker(how)
        handed.launcher = counting = Counting(handed.launcher)
        return counting.statuses

    return behave


@pytest.mark.slow
def test_a_second_sweep_compiles_nothing(
    run_job: Callable[..., int], counted: Callable[[str], list[str]], home: Path, empty_dir: Path
) -> None:
    started = counted("ok")
    assert run_job("-m", "threads=1,2", "hydra.sweep.dir=first") == 0
    assert started == ["ok", "ok"]
    assert run_job("-m", "threads=1,2", "n_gen=64", "n_prompt=128", "hydra.sweep.dir=second") == 0
    assert started == ["ok", "ok"]
    (folder,) = set(caches_of(empty_dir / "first") + caches_of(empty_dir / "second"))
    assert len(list(Path(folder).glob("compile/*.json"))) == 2


def test_a_sweep_without_a_compilation_cache(
    run_job: Callable[..., int], counted: Callable[[str], list[str]], empty_dir: Path
) -> None:
    started = counted("ok")
    assert run_job("measure=quick", "measure.compile_cache=false", "hydra.run.dir=run") == 0
    assert (started, caches_of(empty_dir / "run")) == ([], ["None"])


def test_a_sweep_whose_cache_cannot_be_written(
    run_job: Callable[..., int],
    counted: Callable[[str], list[str]],
    empty_dir: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = counted("ok")
    in_the_way = tmp_path_factory.mktemp("cache") / "file"
    in_the_way.write_text("mine")
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(in_the_way))
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    assert (started, caches_of(empty_dir / "run")) == ([], ["None"])
    assert in_the_way.read_text() == "mine"


def test_a_program_that_cannot_be_compiled_ahead_is_no_error_of_the_sweep(
    run_job: Callable[..., int], counted: Callable[[str], list[str]], empty_dir: Path
) -> None:
    started = counted("cannot-compile")
    assert run_job("-m", "threads=1", "measure.replicates=2", "hydra.sweep.dir=run") == 0
    assert started == ["failed"]  # once, and not before each of its processes
    (folder,) = set(caches_of(empty_dir / "run"))
    assert list(Path(folder).rglob("*.json")) == []
