"""Into which folders imports go: nothing twice, nothing beside measurements, nothing half."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.core.records.folder import load_records
from smjax.imports import folder
from tests.imports.importing import DATA, imported, listing, refused, rows
from tests.report.factory import record, run_folder

FILE = DATA / "llama-bench.jsonl"


def test_a_file_that_was_imported_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported("llama-bench", FILE, tmp_path / "out")
    before = listing(tmp_path)
    shutil.copy(FILE, tmp_path / "copy.jsonl")  # with another date of its last change
    imported("llama-bench", FILE, tmp_path / "out")
    assert listing(tmp_path / "out") == {k.removeprefix("out/"): v for k, v in before.items()}
    assert "0 records in " in capsys.readouterr().out


def test_a_copy_under_another_name_adds_nothing_either(tmp_path: Path) -> None:
    imported("llama-bench", DATA / "llama-bench.md", tmp_path / "out")
    before = listing(tmp_path / "out" / "records")
    (tmp_path / "copy.txt").write_bytes((DATA / "llama-bench.md").read_bytes())
    imported("llama-bench", tmp_path / "copy.txt", tmp_path / "out")
    assert listing(tmp_path / "out" / "records") == before


def test_several_files_go_into_one_folder_as_runs_of_their_own(tmp_path: Path) -> None:
    files = [str(DATA / f"llama-bench.{form}") for form in ("jsonl", "csv", "md")]
    assert main(["import", "llama-bench", *files, files[0], "--out", str(tmp_path)]) == 0
    records = load_records([tmp_path]).records
    assert len(records) == 7 + 6 + 6
    assert len({one.run for one in records}) == 3
    assert all(row["replicates"] == 1 for row in rows(records))


def test_a_folder_is_made_for_each_file_where_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["import", "llama-bench", str(FILE), str(DATA / "llama-bench.csv")]) == 0
    found = sorted(path.name for path in Path("outputs", "imported").iterdir())
    assert [name.rpartition("-")[0] for name in found] == ["llama-bench"] * 2


def test_measurements_keep_a_folder_to_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_folder(tmp_path / "run", [record(), record(threads=2)])
    before = listing(tmp_path)
    line = refused(capsys, "import", "llama-bench", str(FILE), "--out", str(tmp_path / "run"))
    assert line.endswith(
        "run: expected a folder without measured records, found 2; name another: smjax report takes several"
    )
    assert listing(tmp_path) == before


def test_what_is_there_is_not_said_to_be_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--as", "ttft", "--n-prompt", "16")
    imported("pyperf", DATA / "pyperf.json", tmp_path / "out", *options)
    before = listing(tmp_path)
    other = ("--as", "ttft", "--n-prompt", "32", "--out", str(tmp_path / "out"))
    assert "as it was imported before" in refused(capsys, "import", "pyperf", str(DATA / "pyperf.json"), *other)
    assert listing(tmp_path) == before


def test_a_damaged_record_is_told_of_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported("llama-bench", FILE, tmp_path)
    next((tmp_path / "records").glob("*.json")).write_text("{")
    before = listing(tmp_path)
    line = refused(capsys, "import", "llama-bench", str(DATA / "llama-bench.csv"), "--out", str(tmp_path))
    assert "it is damaged" in line
    assert listing(tmp_path) == before


@pytest.mark.parametrize("is_there", [False, True])
def test_a_disk_that_gets_full_leaves_all_as_it_was(
    is_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    if is_there:
        imported("llama-bench", DATA / "llama-bench.md", out)
    before, replace, done = listing(tmp_path), Path.replace, list[Path]()

    def full(self: Path, target: Path) -> Path:
        if ".smjax-" in self.parent.name and not self.name.startswith(".") and len(done) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        done.extend([self] if ".smjax-" in self.parent.name and not self.name.startswith(".") else [])
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    line = refused(capsys, "import", "llama-bench", str(FILE), "--out", str(out))
    assert "expected to write 7 records, found: No space left on device; nothing was imported" in line
    assert len(done) == 3
    assert listing(tmp_path) == before
    assert out.exists() == is_there


def test_one_bad_file_of_several_stops_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    line = refused(
        capsys, "import", "llama-bench", str(FILE), str(tmp_path / "bad.jsonl"), "--out", str(tmp_path / "out")
    )
    assert line.startswith(f"{tmp_path / 'bad.jsonl'}: line 1: n_prompt: ")
    assert not (tmp_path / "out").exists()


def test_out_has_to_be_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    line = refused(capsys, "import", "llama-bench", str(FILE), "--out", str(tmp_path / "file"))
    assert "expected a folder, found something else" in line


def test_no_import_reads_what_it_writes_of_others(tmp_path: Path) -> None:
    assert folder.write(tmp_path, []) == folder.Written(0, 0)
    assert list(tmp_path.iterdir()) == []
