"""Whatever lies where a record should be: one line names file and field, or nothing of the row changes."""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.folder import Loaded, load_records
from smjax.report.data import rows
from tests.report.factory import record, run_folder, sample

NUMBERS = [-1, 2**63, 10**30, 1e300, -math.inf, math.nan]
ODD = ["x", "", "\ud800", [], [None], {}, {"a": {"b": []}}, True, 1.5, None, *NUMBERS]
NAMES = [f"{type(value).__name__} {str(value).encode('ascii', 'replace')[:8]!r}" for value in ODD]


def healthy() -> dict[str, Any]:
    """A record with everything that a worker and its supervisor say."""
    whole = record([sample(1000 + ms, token_ms=[10.0] * 100) for ms in range(3)], tokens_per_dispatch=1, flags=["late"])
    return whole | {
        "schema": 2,
        "bytes_per_token": 4e6,
        "ghz": {"value": 2.0, "source": "read"},
        "attempt": 1,
        "identity": "1a2b",
        "identity_parts": {"smjax's files": "aa", "settings": "bb"},
        "order": {"seed": 42, "block": 1, "position": 7},
        "machine": "0123456789ab",
        "run": "2026-03-01",
        "label": "before",
        "read_bandwidth": {"bytes_per_s": 1e9, "working_set_bytes": 4_000_000},
        "readings": {"disturbed": ["load"], "before": {"load": [1.0]}},
        "energy": {"joules_per_token": 1.5, "source": "rapl"},
        "threads": {"affinity": [0, 1], "cpu_ns": {"7 python": 5}},
        "checks": {"product_nmse": 1e-7},
        "variants": {"4x4": "dot"},
        "compilation_cache": "4 hits, 0 misses",
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a JSON value; of the times of tokens the first will do."""
    children = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for step, child in children[:1] if path and path[-1] == "token_ns" else children:
        yield (*path, step)
        yield from places(child, (*path, step))


def with_one(whole: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(whole)
    inside: Any = changed
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    return changed


def spelled(place: tuple[Any, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def beside(folder: Path, text: str | bytes) -> Loaded:
    """What is read of a folder with that as a record, and a healthy one of two threads."""
    run_folder(folder, [record(threads=2)])
    (folder / "records" / "odd.json").write_bytes(text.encode() if isinstance(text, str) else text)
    return load_records([folder])


def is_refused_in_one_line(loaded: Loaded, folder: Path) -> str:
    (line,) = loaded.refused
    assert line.startswith(f"{folder}/records/odd.json: ")
    assert line.isprintable()
    assert len(line) < len(str(folder)) + 350
    assert "delete" not in line
    assert [one.scenario.threads for one in loaded.records] == [2]
    return line.removeprefix(f"{folder}/records/odd.json: ")


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD, ids=NAMES)
def test_any_value_anywhere_is_named_or_changes_no_figure(tmp_path: Path, odd: object) -> None:
    whole = healthy()
    as_it_is = figures(beside(tmp_path, json.dumps(whole)))
    for place in places(whole):
        loaded = beside(tmp_path, json.dumps(with_one(whole, place, odd)))
        if loaded.refused:
            said = is_refused_in_one_line(loaded, tmp_path)
            assert said.startswith(
                (spelled(place), spelled(place[:-1]), "expected a whole JSON record, found ValueError")
            )
            continue
        found = figures(loaded)
        assert all(0 <= value < 1e16 for value in found[1].values()), place
        assert found == as_it_is or may_be(whole, place, odd), place


def figures(loaded: Loaded) -> tuple[dict[str, Any], dict[str, float]]:
    """The row of the odd record, and its numbers."""
    both = rows.summarise(loaded.records).to_dicts()
    row = next((row for row in both if row["threads"] != 2), both[0])
    return row, {name: value for name, value in row.items() if isinstance(value, int | float)}


def may_be(whole: dict[str, Any], place: tuple[Any, ...], odd: object) -> bool:
    """Whether a reader may take it: what is of the same type, or null where a value is known to some."""
    value: Any = whole
    for step in place:
        value = value[step]
    return odd is None or type(odd) is type(value) or (isinstance(value, float) and type(odd) in (int, float))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("attempt", 10**12, "attempt: expected a whole number from 0 to 1,000,000, found 1000000000000"),
        ("replicate", 10**12, "replicate: expected a whole number from 0 to"),
        ("order", {"block": 10**12}, "order.block: expected a whole number from 0 to"),
        ("wall_ns", -1, "wall_ns: expected nanoseconds from 0 to"),
        ("date", "yesterday", "date: expected a date and time in UTC"),
        ("date", "2026-02-30T10:00:00Z", "date: expected a date and time in UTC"),
        ("samples", [], "samples: expected a timed answer of a process that finished ok, found none"),
        ("samples", [{"ttft_ns": 1}], "samples[0].decode_ns: expected it, found nothing"),
        ("memory", {"peak_rss_bytes": -5}, "memory.peak_rss_bytes: expected bytes from 0 to"),
        ("ghz", {"value": -2.0}, "ghz.value: expected a number from 0 to"),
        ("schema", 99, "schema: expected a record of schema 1 to 3, found 99, of a newer smjax; update smjax"),
        ("schema", -1, "schema: expected a record of schema 1 to 3, found -1; it is damaged"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, name: str, value: object, said: str) -> None:
    assert is_refused_in_one_line(beside(tmp_path, json.dumps(healthy() | {name: value})), tmp_path).startswith(said)


@pytest.mark.parametrize("name", ["threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch"])
@pytest.mark.parametrize("value", [0, -1, 10**12])
def test_sizes_of_nothing_or_beyond_everything(tmp_path: Path, name: str, value: int) -> None:
    odd = json.dumps(with_one(healthy(), ("scenario", name), value))
    said = is_refused_in_one_line(beside(tmp_path, odd), tmp_path)
    assert said.startswith(f"scenario.{name}: expected a whole number from 1 to 1,000,000,000, found {value}")


TEXT = json.dumps(healthy())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        TEXT[:-10],
        "[" * 100_000,
        '{"a":' * 50_000,
        TEXT.replace('"wall_ns": ', '"wall_ns": NaN, "x": '),
        TEXT.replace('"wall_ns": ', '"wall_ns": -Infinity, "x": '),
        TEXT.replace('"wall_ns": ', '"wall_ns": ' + "9" * 5000 + ', "x": '),
        TEXT.encode("utf-16"),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode().replace(b"late", b"\xff\xfe"),
        TEXT.replace("late", "la\nte"),
        "[" + TEXT + "]",
        "null",
    ],
    ids=[
        "empty",
        "cut",
        "deep",
        "deep objects",
        "nan",
        "inf",
        "digits",
        "utf16",
        "bom",
        "bytes",
        "line",
        "list",
        "null",
    ],
)
def test_texts_that_are_no_record(tmp_path: Path, text: str | bytes) -> None:
    said = is_refused_in_one_line(beside(tmp_path, text), tmp_path)
    assert said.startswith(("expected a whole JSON record, found ", "expected a JSON object, found "))


def test_a_number_beyond_what_a_float_holds_is_named(tmp_path: Path) -> None:
    text = TEXT.replace('"joules_per_token": 1.5', '"joules_per_token": 1e999')
    said = is_refused_in_one_line(beside(tmp_path, text), tmp_path)
    assert said.startswith("energy.joules_per_token: expected a number of a finite size, found inf")


def test_of_two_values_of_one_name_the_last_counts_as_everywhere(tmp_path: Path) -> None:
    loaded = beside(tmp_path, TEXT.replace('"wall_ns": ', '"wall_ns": -5, "wall_ns": '))
    assert [one.wall_ns for one in loaded.records if one.scenario.threads == 1] == [9_000_000_000]


def test_names_that_no_field_has_are_kept(tmp_path: Path) -> None:
    more = {"of the future": [1], "scenario": healthy()["scenario"] | {"colour": "red"}}
    loaded = beside(tmp_path, json.dumps(healthy() | more, indent=1))
    (odd,) = (one for one in loaded.records if one.scenario.threads == 1)
    assert loaded.refused == []
    assert odd.document["of the future"] == [1]
    assert json.loads(odd.line) == json.loads(json.dumps(healthy() | more))
    assert "\n" not in odd.line


def test_a_text_of_50_megabytes_is_cut_where_it_is_shown(tmp_path: Path) -> None:
    said = is_refused_in_one_line(beside(tmp_path, TEXT.replace('"late"', f'"{"x" * 50_000_000}", 7')), tmp_path)
    assert said.startswith("flags[1]: expected a text, found 7")
    said = is_refused_in_one_line(beside(tmp_path, TEXT.replace('"ok"', f'"{"x" * 50_000_000}"')), tmp_path)
    assert said.startswith("status: expected one of ok, ")


def test_a_record_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "records" / "odd.json"
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(2**40)
    run_folder(tmp_path, [record(threads=2)])
    assert "bytes, which is more than 67,108,864" in is_refused_in_one_line(load_records([tmp_path]), tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "directory", "device", "loop", "nothing"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "records" / "odd.json"
    run_folder(tmp_path, [record(threads=2)])
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero", "loop": path, "nothing": tmp_path / "none"}[kind])
    assert is_refused_in_one_line(load_records([tmp_path]), tmp_path).startswith("expected a readable record, found ")


def test_equal_records_count_once_however_they_are_written(tmp_path: Path) -> None:
    backwards = dict(reversed(healthy().items()))
    one, two = (beside(tmp_path / name, text) for name, text in (("a", TEXT), ("b", json.dumps(backwards, indent=2))))
    assert len(one.records) == len(two.records) == 2
    both = load_records([tmp_path / "a", tmp_path / "b"])
    assert len(both.records) == 2
