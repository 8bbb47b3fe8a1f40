"""Which runs the records of folders are of."""

from __future__ import annotations

import json
import shutil

from smjax.report.compare.sides import load, runs_of
from tests.report.compare.sweeps import noise, run
from tests.report.factory import processes, read, run_folder

STEADY = noise(1, 8, 0.002)


def sizes(named):
    return [len(one) for one in load(named).runs]


def test_a_copy_of_a_run_is_no_other_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path / "run", run(STEADY))
    shutil.copytree("run", "copy")
    shutil.copytree("run", "deep/below/it")
    assert sizes("run,copy") == sizes("copy,deep,run") == [8]
    run_folder(tmp_path / "other", run(STEADY, run="second", day=2))
    assert sizes("run,copy,other,run") == [8, 8]


def test_nor_is_one_whose_files_were_written_otherwise(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path / "run", run(STEADY))
    for path in run_folder(tmp_path / "copy", run(STEADY)).glob("records/*"):
        path.write_text(json.dumps(dict(reversed(json.loads(path.read_text()).items()))))
    assert sizes("run,copy") == [8]


def test_a_copy_that_went_on_is_the_same_run_with_what_it_has_more(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path / "run", run(STEADY[:6]))
    run_folder(tmp_path / "went on", run(STEADY))
    assert sizes("run,went on") == sizes("went on,run") == [8]


def test_records_that_do_not_say_their_run_are_of_their_folders():
    old, new = processes([[100], [101]]), processes([[90]], date="2026-03-02T10:00:00Z")
    assert [len(one) for one in runs_of([read(old), read(new), read(old)])] == [2, 1]
    assert runs_of([read(old), read(old)]) == [read(old)]
