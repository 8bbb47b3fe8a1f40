"""Bad input through the commands: exit code 2, one line on stderr, nothing else said and nothing left behind."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import psutil
import pytest

from smjax.core.errors import RequestError
from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.models.families import IN_GGUF
from smjax.core.models.source import open_model
from tests.in_process import said
from tests.report.factory import record, run_folder
from tests.small_llama import CONFIG, Change, larger_than, text, write_llama

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"
)
"""A whole PNG."""
SMALL_RUN = ("ctx=16", "n_gen=4")
UNSHARE = shutil.which("unshare")

Spoil = Callable[[Path], object]


def evaluate(folder: Path, model: str = "model.gguf") -> subprocess.CompletedProcess[str]:
    (folder / "ids.json").write_text("[1, 2, 3]")
    return said(folder, "eval", "--model", model, "--ids-file", "ids.json", "--n-gen", "4")


def measure(folder: Path, model: str = "model.gguf") -> subprocess.CompletedProcess[str]:
    return said(folder, "run", "model=gguf", f"model.path={model}", *SMALL_RUN)


def the_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a refused command said, which is all that it said."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("smjax: ")
    assert done.stderr.endswith("\n")
    return done.stderr.removeprefix("smjax: ").rstrip("\n")


def listing(folder: Path) -> dict[str, int]:
    """Everything in the folder and its size."""
    return {str(path.relative_to(folder)): path.lstat().st_size for path in folder.rglob("*")}


def cut(seed: int) -> Spoil:
    def spoil(path: Path) -> None:
        write_llama(path)
        os.truncate(path, random.Random(seed).randrange(path.stat().st_size))

    return spoil


def with_tq2_0(path: Path) -> None:
    """By llama.cpp's writer."""
    writer = gguf.GGUFWriter(path, "llama")
    kind = gguf.GGMLQuantizationType.TQ2_0
    values = np.linspace(-1, 1, 4 * 256, dtype=np.float32).reshape(4, 256)
    writer.add_tensor("token_embd.weight", gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


BAD_FILES: dict[str, tuple[Spoil, str]] = {
    "missing": (lambda path: None, "expected a GGUF file, found no such file; check the path"),
    "directory": (Path.mkdir, "expected a GGUF file, found a directory; name the .gguf file itself"),
    "empty": (Path.touch, "expected a GGUF file, found an empty file; "),
    "PNG": (lambda path: path.write_bytes(PIXEL), r"not a GGUF file: expected magic GGUF, found \x89PNG; "),
    "cut once": (cut(1), " before the end of the file; the file is damaged or cut short, fetch or convert it again"),
    "cut twice": (cut(2), " before the end of the file; the file is damaged or cut short, fetch or convert it again"),
    "cut thrice": (cut(3), " before the end of the file; the file is damaged or cut short, fetch or convert it again"),
    "version": (lambda path: write_llama(path, version=4), "header: expected GGUF version 2 or 3, found 4; "),
    "architecture": (
        lambda path: write_llama(path, says={"general.architecture": text("mamba")}),
        f"general.architecture: expected one of {', '.join(IN_GGUF)}, found mamba; use a model of one of these",
    ),
    "TQ2_0": (with_tq2_0, f"token_embd.weight: expected one of {', '.join(ENCODINGS)}, found TQ2_0; requantise with"),
    "Q2_K": (
        lambda path: write_llama(path, tensors={"blk.0.attn_q.weight": Change(code=10)}),
        f"blk.0.attn_q.weight: expected one of {', '.join(ENCODINGS)}, found Q2_K; requantise with llama-quantize",
    ),
    "missing tensor": (
        lambda path: write_llama(path, tensors={"blk.1.ffn_up.weight": None}),
        "blk.1.ffn_up.weight: expected it in the file, found nothing; convert the model again",
    ),
    "shape": (
        lambda path: write_llama(path, tensors={"blk.1.ffn_up.weight": Change((64, 32))}),
        "blk.1.ffn_up.weight: expected shape [96, 64], found [32, 64]; convert the model again",
    ),
    "K of 48": (
        lambda path: write_llama(path, tensors={"blk.1.ffn_up.weight": Change((48, 96))}),
        "blk.1.ffn_up.weight: expected rows of a multiple of 32 weights (Q4_0), found 48; requantise with",
    ),
    "no numbers": (
        lambda path: write_llama(path, data={"blk.0.ffn_up.weight": b"\xff\x7f" * (96 * 2 * 9)}),
        "blk.0.ffn_up.weight: expected finite weights and scales, found block 0 of row 0 infinite or not a number",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD_FILES)
def test_eval_refuses_a_bad_file(name: str, tmp_path: Path) -> None:
    spoil, expected = BAD_FILES[name]
    spoil(tmp_path / "model.gguf")
    before = listing(tmp_path)
    line = the_line(evaluate(tmp_path))
    assert line.startswith("model.gguf: ")
    assert expected in line
    assert listing(tmp_path) == {**before, "ids.json": 9}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["missing", "directory", "PNG", "cut twice", "missing tensor", "no numbers"])
def test_a_run_refuses_a_bad_file(name: str, tmp_path: Path) -> None:
    spoil, expected = BAD_FILES[name]
    spoil(tmp_path / "model.gguf")
    before = listing(tmp_path)
    line = the_line(measure(tmp_path))
    assert line.startswith("model.gguf: ")
    assert expected in line
    assert listing(tmp_path) == before


@pytest.mark.slow
@pytest.mark.parametrize("command", [evaluate, measure])
def test_a_model_larger_than_memory_is_refused_before_it_is_read(
    command: Callable[[Path], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    config = larger_than(2 * psutil.virtual_memory().total)
    path = write_llama(tmp_path / "model.gguf", config=config, sparse=True)
    assert path.stat().st_blocks * 512 < 10**6, "a file with holes, which takes a disk nothing"
    figures = re.fullmatch(
        r"memory: expected ([\d,]+) MB for model.gguf with ctx=\d+, found ([\d,]+) MB free; use a smaller .*",
        the_line(command(tmp_path)),
    )
    assert figures is not None
    needed_mb, free_mb = (int(figure.replace(",", "")) for figure in figures.groups())
    assert needed_mb > 1.3 * path.stat().st_size / 1e6 > 2 * free_mb > 0
    assert not (tmp_path / "outputs").exists()


def test_the_healthy_file_is_taken(tmp_path: Path) -> None:
    """Or else the refusals above could be of something that they all share."""
    write_llama(tmp_path / "model.gguf")
    done = evaluate(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (len(answer["logits"]), len(answer["greedy"])) == (CONFIG.n_vocab, 4)


def flipped(path: Path, key: bytes) -> bytes:
    """A file that parses and whose value of `key`, a number of 4 bytes, has a flipped one."""
    # Without these two keys nothing contradicts another number of heads.
    says = {"llama.attention.head_count_kv": None, "llama.rope.dimension_count": None}
    good = write_llama(path, says=says, config=replace(CONFIG, n_kv_heads=CONFIG.n_heads)).read_bytes()
    healthy, rng = open_model("gguf", str(path), 42).config, random.Random(3)
    value = good.index(key) + len(key) + 4
    for _ in range(10_000):
        place = rng.randrange(value, value + 4)
        bad = good[:place] + bytes([good[place] ^ rng.randrange(1, 256)]) + good[place + 1 :]
        path.write_bytes(bad)
        try:
            config = open_model("gguf", str(path), 42).config
        except RequestError:
            continue
        if config != healthy:
            return bad
    raise AssertionError(f"no other value of {key!r} parses")


@pytest.mark.slow
@pytest.mark.parametrize("key", [b"attention.head_count", b"rope.freq_base", b"attention.layer_norm_rms_epsilon"])
def test_a_flipped_hyperparameter_gives_an_answer_or_one_line(key: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(flipped(path, key))
    done = evaluate(tmp_path)
    if done.returncode == 0:
        assert len(json.loads(done.stdout)["logits"]) == CONFIG.n_vocab
        assert done.stderr == ""
    else:
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert done.stderr.startswith("smjax: failed: ")


def read_only(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """`python -m COMMAND` in `folder`, which nobody can write to, not even root."""
    if UNSHARE is None:
        pytest.skip("unshare is missing, without which no folder is made read-only")
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; cd "$1" && shift && exec "$@"'
    options = "-m" if os.geteuid() == 0 else "-rm"
    arguments = [UNSHARE, options, "sh", "-c", script, "sh", str(folder), sys.executable, "-m", *command]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
    if "unshare" in done.stderr or done.returncode == 77:
        pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")
    return done


@pytest.mark.slow
@pytest.mark.parametrize("override", ["threads=1", "hydra.run.dir=run", "hydra.run.dir=deep/er", "-m"])
def test_an_unwritable_output_folder_is_refused(override: str, tmp_path: Path) -> None:
    line = the_line(read_only(tmp_path, "smjax.run", *SMALL_RUN, override))
    assert "found: Read-only file system; " in line
    assert listing(tmp_path) == {}


def test_a_report_that_cannot_be_written_is_printed_all_the_same(tmp_path: Path) -> None:
    run_folder(tmp_path, [record()])
    table = said(tmp_path, "report", ".").stdout.partition("Files:")[0]
    before = listing(tmp_path)
    done = read_only(tmp_path, "smjax", "report", ".")
    assert (done.returncode, done.stdout) == (1, table)
    assert "| 100 |" in table
    assert done.stderr.startswith("smjax: records.jsonl: expected to write ")
    assert "found: Read-only file system; " in done.stderr
    assert done.stderr.count("\n") == 1
    assert listing(tmp_path) == before


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_a_cut_record_is_refused_by_its_name_and_the_others_are_reported(part: float, tmp_path: Path) -> None:
    run_folder(tmp_path / "run", [record(), record(threads=2)])
    path = max((tmp_path / "run" / "records").iterdir())
    os.truncate(path, int(part * path.stat().st_size))
    done = said(tmp_path, "report", "run")
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"smjax: run/records/{path.name}: expected a whole JSON record, found JSONDecodeError: "
    )
    assert done.stderr.endswith("; it is damaged: restore it, or move it elsewhere\n")
    assert done.stderr.count("\n") == 1
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert [row["threads"] for row in summary["rows"]] == [1]
    assert path.exists()


def test_a_run_without_a_readable_record_is_refused(tmp_path: Path) -> None:
    run_folder(tmp_path / "run", [record()])
    (path,) = (tmp_path / "run" / "records").iterdir()
    path.write_bytes(b"")
    before = listing(tmp_path)
    assert the_line(said(tmp_path, "report", "run")).startswith(f"run/records/{path.name}: expected a whole")
    assert listing(tmp_path) == before


def test_a_working_directory_that_is_gone_is_refused(tmp_path: Path) -> None:
    gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    command = ["sh", "-c", gone, "sh", sys.executable, "-m", "smjax.run", *SMALL_RUN]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert the_line(done).startswith("the current folder: expected a run folder that can be made, found: No such file")
    assert listing(tmp_path) == {}
