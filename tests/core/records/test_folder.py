"""Run folders: what is read of them and in which order, and what is refused."""

from __future__ import annotations

import re

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.folder import Loaded, load_folder, load_records
from tests.report.factory import record, run_folder


def test_order_of_folders_does_not_matter_and_equal_records_count_once(tmp_path):
    one = run_folder(tmp_path / "one", [record(threads=2), record(threads=1)])
    two = run_folder(tmp_path / "two", [record(threads=1), record(threads=1, host="bbbbbbbbbbbb")])
    assert load_records([one, two]) == load_records([two, one])
    assert [(r.scenario.threads, r.host[0]) for r in load_records([one, two]).records] == [
        (1, "a"),
        (1, "b"),
        (2, "a"),
    ]


def test_where_no_record_says_its_run_the_folder_does_if_there_are_several(tmp_path):
    old, new, known = record(), record(date="2026-03-02T10:00:00+00:00"), record(threads=2) | {"run": "r"}
    one = run_folder(tmp_path / "a" / "one", [old, known])
    two = run_folder(tmp_path / "b" / "one", [new, known])
    copy = run_folder(tmp_path / "c", [old])
    assert [r.run for r in load_records([one]).records] == ["", "r"]
    assert [r.run for r in load_records([one, tmp_path / "b" / ".." / "a" / "one"]).records] == ["", "r"]
    for folders in ([one, two], [two, one]):
        assert [(r.run, r.document["run"]) for r in load_records(folders).records] == [
            ("a/one", "a/one"),
            ("r", "r"),
            ("b/one", "b/one"),
        ]
    assert [r.run for r in load_records([one, copy]).records] == ["c", "r"]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_folder_without_records_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match=r"expected a run folder with records/\*\.json, found none") as refused:
        load_records([tmp_path / name])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text[: len(text) // 2], "whole JSON record"),
        (lambda text: text.replace('"threads":1', '"threads":"one"'), "scenario.threads: expected"),
        (lambda text: text.replace('"threads":1,', '"threads":1' + "0" * 30 + ","), "scenario.threads"),
        (lambda text: text.replace('"decode_ns":1000000000', '"decode_ns":"soon"'), r"samples\[0\]\.decode_ns: "),
        (lambda text: text.replace('"flags":[]', '"flags":[1]'), r"flags\[0\]: expected a text"),
    ],
)
def test_broken_record_is_refused_by_name_and_skipped_where_asked(tmp_path, damage, told):
    folder = run_folder(tmp_path, [record(), record(threads=2)])
    path = sorted((folder / "records").iterdir())[0]
    text = path.read_text()
    path.write_text(damage(text))
    assert path.read_text() != text
    loaded = load_records([folder])
    (refused,) = loaded.refused
    assert refused.startswith(f"{path}: ")
    assert re.search(told, refused)
    assert "\n" not in refused
    assert "delete" not in refused
    assert [record.scenario.threads for record in loaded.records] == [2]
    sorted((folder / "records").iterdir())[1].unlink()
    with pytest.raises(RequestError, match=re.escape(refused)):
        load_records([folder])
    assert load_folder(folder) == Loaded([], [refused])
