"""Overrides: each key once, in any order with the options, and whatever is mistyped answered with what to type."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.engines import ENGINES
from smjax.core.errors import RequestError
from smjax.sweep.request.compose import Asked, compose
from smjax.sweep.request.rewrite import Rewritten
from smjax.sweep.request.scenario import scenario_of

COMPOSE = """
import sys
from smjax.sweep.request.compose import Asked, compose
for point in compose(Asked(sys.argv[1:], True)).points:
    print(point.threads, point.ctx, point.measure.replicates, point.n_prompt, point.model.name)
"""

MEANT = {
    "thread=1": "thread=1: expected a known key, found thread; write threads=1",
    "Threads=3": "Threads=3: expected a known key, found Threads; write threads=3",
    "n-gen=8": "n-gen=8: expected a known key, found n-gen; write n_gen=8",
    "warmup=1": "warmup=1: expected a known key, found warmup; write measure.warmup=1",
    "measure.iteration=5": "measure.iteration=5: expected a known key, found measure.iteration; "
    "write measure.iterations=5",
    "kv_type=float32": "kv_type=float32: expected a known key, found kv_type; write kv_dtype=float32",
    "retry-failed=true": "retry-failed=true: expected a known key, found retry-failed; write retry_failed=true",
    "+quux=1": "+quux=1: expected KEY=VALUE with a known key, found quux; smjax run --help lists them",
    "++measure.replicate=3": "++measure.replicate=3: expected a known key, found measure.replicate; "
    "write measure.replicates=3",
    "+ctx=8": "+ctx=8: expected KEY=VALUE, found a +; write ctx=8",
    "~seed": "~seed: expected KEY=VALUE, found a ~; no key can be taken away, leave it out",
    "~measure=quick": "~measure=quick: expected KEY=VALUE, found a ~; no key can be taken away, leave it out",
    "~nothing": "~nothing: expected KEY=VALUE with a known key, found nothing; smjax run --help lists them",
    "hydra.verbose=true": "hydra.verbose=true: expected hydra.run.dir=DIR, the one key of Hydra's that is of use here, "
    "found hydra.verbose",
    "hydra/launcher=basic": "hydra/launcher=basic: expected hydra.run.dir=DIR, the one key of Hydra's that is of use "
    "here, found hydra/launcher",
    "model@other=gguf": "model@other=gguf: expected a known key, found model@other; write model=gguf",
    "=4": "=4: expected KEY=VALUE with a known key, found no key; smjax run --help lists them",
    "": ": expected KEY=VALUE with a known key, found no key; smjax run --help lists them",
    "ctx": "ctx: expected KEY=VALUE, found no value; write ctx=256",
    "quick": "quick: expected KEY=VALUE, found a value; write measure=quick",
    "seed-2026": "seed-2026: expected KEY=VALUE, found a value; write experiment=seed-2026-02",
    "my own.gguf": "my own.gguf: expected KEY=VALUE, found a file; write 'model=my own.gguf'",
    "ctx=2-4": "ctx: expected a whole number, found 2-4; write -m ctx=2,3,4",
    "threads=1..64": "threads: expected a whole number, found 1..64; write -m 'threads=range(1,65)'",
    "ctx=256;512": "ctx: expected a whole number, found 256;512; write -m ctx=256,512",
    "ctx=[256, 512]": "ctx: expected a whole number, found [256, 512]; write -m ctx=256,512",
    "n_gen=Twelve": "n_gen: expected a whole number, found Twelve; write n_gen=12",
    "ctx=2K": "ctx: expected a whole number, found 2K; write ctx=2048",
    "seed=1e3": "seed: expected a whole number, found 1e3; write seed=1000",
    "ctx=256.0": "ctx: expected a whole number, found 256.0; write ctx=256",
    "threads=2.5": "threads: expected a whole number, found 2.5",
    "threads=": "threads: expected a whole number, found nothing",
    "threads=1,,2": "threads: expected a whole number, found nothing",
    "seed=18446744073709551616": "seed: expected a whole number, found 18446744073709551616; it has to be below 2^63",
    "n_prompt=none": "n_prompt: expected a whole number or null, found none",
    "measure.target_ci=3%": "measure.target_ci: expected a number, found 3%; write measure.target_ci=0.03",
    "measure.timeout_s=5min": "measure.timeout_s: expected a number, found 5min; write measure.timeout_s=300",
    "measure.handicap=-inf": "measure.handicap: expected a number, found -inf",
    "measure.sampling_s=NaN": "measure.sampling_s: expected a number, found NaN",
    "measure.strict=treu": "measure.strict: expected true or false, found treu; write measure.strict=true",
    "measure=throrough": "measure: expected one of default, quick, thorough, found throrough; write measure=thorough",
    "measure=gone": "measure: expected one of default, quick, thorough, found gone",
    "experiment=Smoke": "experiment: expected one of engines, kernels, seed-2026-02, smoke, null, found Smoke; "
    "write experiment=smoke",
    "lock=waite": "lock: expected one of wait, refuse, found waite; write lock=wait",
    "kv_dtype=Float16": "kv_dtype: expected one of auto, float32, float16, bfloat16, q8_0, u8, found Float16; "
    "write kv_dtype=float16",
    "isa=avx-512": "isa: expected one of auto, scalar, avx2, avx_vnni, avx512, neon, all, found avx-512; "
    "write isa=avx512",
    "engine=": f"engine: expected one of {', '.join(ENGINES)}, found nothing",
    "model=stories_15m": "model: expected one of gguf, stories-110m, stories-15m, tinyllama-1.1b, tinystories-1m, or a "
    "GGUF file, found stories_15m; write model=stories-15m",
    "hydra.run.dir=": "hydra.run.dir: expected a value, found nothing; leave it out for its default",
    "report.history=''": "report.history: expected a value, found nothing; leave it out for its default",
}


@pytest.mark.parametrize("text", MEANT)
def test_what_is_mistyped_is_answered_with_what_to_type(text: str) -> None:
    with pytest.raises(RequestError) as refused:
        Rewritten([text], is_sweep=False)
    assert str(refused.value) == MEANT[text]


@pytest.mark.parametrize(
    "texts",
    [
        ("threads=1,2", "ctx=8", "threads=2"),
        ("++ctx=8", "ctx=8"),
        ("measure=quick", "measure=thorough"),
        ("hydra.run.dir=a", "hydra.sweep.dir=b"),
        ("label=a", "label=b"),
        ("model=stories-15m", "model=a.gguf"),
        ("model=a.gguf", "model.path=b.gguf"),
    ],
)
def test_a_key_comes_once(texts: tuple[str, ...]) -> None:
    for order in (texts, texts[::-1]):
        with pytest.raises(RequestError, match=r"^[\w.]+: expected once, found .*; leave one out$"):
            Rewritten(order, is_sweep=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("threads=3", "ctx=9,0", "-m", "n_gen=4"),
        ("threads=3", "--multirun", "ctx=9,0", "n_gen=4"),
        ("n_gen=4", "ctx=9,0", "threads=3", "-m"),
        ("-m", "--", "ctx=9,0", "threads=3", "n_gen=4"),
    ],
)
def test_options_stand_anywhere(
    arguments: tuple[str, ...], run_job: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_job(*arguments) == 2
    assert capfd.readouterr().err == (
        "smjax: n_prompt: expected at least 1, found -4; leave n_prompt unset for ctx - n_gen, or raise ctx\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_functions_of_the_grammar_work_without_assertions_too(level: str, empty_dir: Path) -> None:
    """Python drops them with -O, and Hydra's parser relies on some."""
    overrides = ["threads=range(1,4)", "ctx=sort(100,300,reverse=true)", "measure=glob(*,exclude=def*)"]
    done = subprocess.run(
        [sys.executable, "-c", COMPOSE, *overrides],
        cwd=empty_dir,
        env={**os.environ, "PYTHONOPTIMIZE": level},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    expected = [
        f"{threads} {ctx} {least} None tinystories-1m"
        for threads in (1, 2, 3)
        for ctx in (300, 100)
        for least in (1, 12)
    ]
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize("folder", [".", "./", "..", "x/..", "/", "{here}"])
@pytest.mark.parametrize("sweep", [False, True])
def test_the_current_folder_is_no_run_folder(folder: str, sweep: bool, empty_dir: Path) -> None:
    (empty_dir / "mine").write_text("mine")
    with pytest.raises(RequestError, match=r"^hydra.run.dir: expected a folder of its own, found (the current|a) f"):
        compose(Asked((f"hydra.run.dir={folder.format(here=empty_dir)}",), sweep))
    assert [path.name for path in empty_dir.iterdir()] == ["mine"]


def scenario(*overrides: str) -> object:
    composed = compose(Asked(overrides))
    assert composed is not None
    return scenario_of(composed.points[0])


@pytest.mark.parametrize("label", ["", "a, b=[c] ${d}", "it's", "模型 1/2", "null", "x" * 200, "#1"])
def test_a_label_is_any_text(label: str, empty_dir: Path) -> None:
    assert scenario(f"label={label}").label == label


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        ("a,b", ["a", "b"]),
        ("'a, b',c", ["a, b", "c"]),
        ("'it\\'s',\"b,\"", ["it's", "b,"]),
        (",b", ["", "b"]),
        ("alone", ["alone"]),
        ("${d}, [c]", ["${d}", " [c]"]),
    ],
)
def test_a_sweep_has_labels_between_commas(value: str, labels: list[str], empty_dir: Path) -> None:
    (empty_dir / "a,b").write_text("a file is no label")
    composed = compose(Asked((f"label={value}",), True))
    assert composed is not None
    assert [scenario_of(point).label for point in composed.points] == labels


@pytest.mark.parametrize("label", ["a\nb", "\x1b[2J", "\x7f", "a\u202eb", "\u2028"])
def test_a_label_can_be_seen(label: str, empty_dir: Path) -> None:
    with pytest.raises(RequestError, match=r"^label: expected characters that can be seen, found [ -~]+$"):
        scenario(f"label={label}")


def test_a_label_is_no_essay(empty_dir: Path) -> None:
    with pytest.raises(RequestError, match=r"^label: expected at most 200 characters, found 201$"):
        scenario(f"label={'é' * 201}")


def test_an_interpreter_is_found_as_a_shell_finds_it(empty_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("venv/bin/python", "my, python", "on/path/py9"):
        path = empty_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(sys.executable)  # and what is behind it belongs to another environment
    monkeypatch.setenv("PATH", str(empty_dir / "on" / "path"))
    for asked, found in (
        ("venv/bin/python", "venv/bin/python"),
        ("./my, python", "my, python"),
        ("py9", "on/path/py9"),
    ):
        assert scenario(f"python={asked}").python == str(empty_dir / found)
    assert scenario("python=null").python is None
    (empty_dir / "text").write_text("no program")
    for asked, fix in (
        ("venv", "found a directory at venv; write python=venv/bin/python"),
        ("on", "found a directory at on; check the path"),
        ("./text", "found a file that cannot be run at ./text; check the path"),
        ("py8", "found nothing at py8; check the path"),
    ):
        with pytest.raises(RequestError, match=f"^python: expected an interpreter that can be run, {fix}$"):
            scenario(f"python={asked}")
