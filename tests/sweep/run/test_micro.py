"""Microbenchmarks from overrides to records, with the fake worker for the measured process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.document import read_record

Run = Callable[..., int]
Fake = Callable[[str], None]
SWEEP = ("-m", "shape=first", "kernel=xla", "measure=quick", "hydra.sweep.dir=run")


def records_of(folder: Path) -> list[dict[str, Any]]:
    return [read_record(path) for path in sorted(folder.iterdir())]


def test_what_can_share_a_process_does(
    run_micro: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_micro(*SWEEP, "op=softmax,gemm", "cache=all", "threads=1,2", "measure.replicates=2") == 0
    found = records_of(records)
    slots = sorted((record["scenario"]["threads"], record["replicate"]) for record in found)
    assert slots == [(1, 0), (1, 1), (2, 0), (2, 1)]
    points = [[(one["op"], one["cache"]) for one in record["scenario"]["points"]] for record in found]
    assert points == [[("gemm", "cold"), ("gemm", "hot"), ("softmax", "cold"), ("softmax", "hot")]] * 4
    assert len({record["notes"]["order"] for record in found}) == 2, "a row's processes each have their own order"
    said, line, *_ = capfd.readouterr().err.splitlines()
    assert said.startswith("smjax: measuring 2 scenarios, in 4 processes at least, ")
    assert line.startswith("[1/4] gemm f32:128x128x128 and 3 more kernel=xla threads=")
    assert ": 1000000 calls/s" in line


def test_a_folder_goes_on_with_the_same_points_however_they_are_asked_for(
    run_micro: Run, fake_worker: Fake, records: Path
) -> None:
    fake_worker("ok")
    assert run_micro(*SWEEP, "op=softmax,gemm") == 0
    before = {path.name: path.read_bytes() for path in records.iterdir()}
    assert run_micro(*SWEEP, "op=gemm,softmax", "measure.replicates=2") == 0
    after = {path.name: path.read_bytes() for path in records.iterdir()}
    assert len(after) == 2
    assert before.items() <= after.items()


def test_an_op_that_fails_leaves_the_others_and_the_exit_code_1(
    run_micro: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("one-op-fails")
    assert run_micro(*SWEEP, "op=gemm,softmax", "measure.replicates=2") == 1
    assert [record["status"] for record in records_of(records)] == ["ok", "ok"], "the other op's are worth having"
    assert "1000000 calls/s, 1 op failed" in capfd.readouterr().err.splitlines()[1]
    fake_worker("ok")
    assert run_micro(*SWEEP, "op=gemm,softmax", "measure.replicates=2", "retry_failed=true") == 0
    assert sorted(record["attempt"] for record in records_of(records)) == [0, 0, 1, 1]


def test_another_content_of_a_users_module_is_measured_anew(
    run_micro: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    own = ("op=mine:add", "shape=3x5", "measure=quick", "hydra.run.dir=run")
    for content, expected in (("one", 1), ("one", 1), ("two", 2)):
        Path("mine.py").write_text(content)
        assert run_micro(*own) == 0
        assert len(records_of(records)) == expected
    assert "as other than then: functions and files\n" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (("op=gem",), "op: expected an op's name or module:function, found gem; write op=gemm"),
        (("op=gemm", "shape=9999x9999999x9999"), "MB for gemm at f32:9999x9999999x9999, found"),
        (("op=rms_norm", "kernel=native"), "op: expected one that kernel=native has, found rms_norm 1x288, which is"),
        (("op=layer", "shape=none.gguf:1x8"), "none.gguf: expected a GGUF file, found no such file; check the path"),
        (("op=mine:add",), "op: mine:add: there is none"),
        (("model=x", "op=gemm"), "model=x: expected KEY=VALUE with a known key, found model; smjax micro --help lists"),
    ],
)
def test_a_wrong_request_is_one_line_and_nothing_is_measured(
    overrides: tuple[str, ...],
    expected: str,
    run_micro: Run,
    fake_worker: Fake,
    empty_dir: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake_worker("no-function")
    assert run_micro(*overrides) == 2
    told = capfd.readouterr()
    assert expected in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert list(empty_dir.iterdir()) == []


@pytest.mark.slow
def test_a_users_function_is_measured_by_a_real_worker(run_micro: Run, records: Path) -> None:
    Path("mine.py").write_text(
        "from smjax.worker.micro.work import Work\n"
        "def double(sizes, random):\n"
        "    x = random.random(sizes, 'f4')\n"
        "    run = lambda x: x + x\n"
        "    return Work(run, (x,), bytes=2 * x.nbytes, flops=x.size, reference=run)\n"
    )
    once = ("measure=quick", "measure.sampling_s=0.01", "hydra.sweep.dir=run")
    assert run_micro("-m", "op=mine:double", "shape=8x8,8", *once) == 0
    (record,) = records_of(records)
    assert {one["point"]["shape"] for one in record["points"]} == {"8x8", "8"}
    assert sorted(one["place"] for one in record["points"]) == [0, 1]
    assert [one["status"] for one in record["points"]] == ["ok", "ok"]
    assert all(one["nmse"] < 1e-12 and one["samples"][0]["call_ns"] > 0 for one in record["points"])
    assert record["versions"]["jaxlib"] == record["environment"]["packages"]["jaxlib"]
    assert record["resolved"]["kernel"] == "xla"
