"""Records are written whole or not at all, and whatever else lies in their folder is refused in one line."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.document import canonical_json, load_record, made_record, read_record, record_id, write_record
from smjax.core.records.scenario import Measure, Scenario

SCENARIO = Scenario(
    model="tinystories-1m",
    model_path=None,
    engine="smjax",
    kernel="auto",
    isa="auto",
    threads=1,
    ctx=256,
    n_prompt=128,
    n_gen=128,
    tokens_per_dispatch=1,
    kv_dtype="auto",
    seed=42,
    measure=Measure(replicates=1, iterations=5, warmup=2, timeout_s=600.0),
)
HASH, IDENTITY = "sha256:00ff", "0123456789abcdef0123456789abcdef"


def record(**changes: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": record_id(SCENARIO, IDENTITY, 0),
        "provenance": "measured",
        "date": "2026-03-01T12:00:00+00:00",
        "replicate": 0,
        "scenario": SCENARIO.to_json(),
        "host": "4cb1822b09d6",
        "smjax": "0.1.0",
        "environment": {"cpu": {"model": "AMD EPYC"}},
        "status": "ok",
        "reason": "",
        "wall_ns": 12_345_678_901,
        "model": {"name": "tinystories-1m", "hash": HASH},
        "flags": ["compile-cached"],
        "samples": [{"ttft_ns": 123, "decode_ns": 456, "token_ns": [1, 2, 3], "rss_bytes": 7}],
        **changes,
    }


def refusal(path: Path) -> str:
    """The message with which `path` is refused: one line that names it."""
    with pytest.raises(RequestError) as caught:
        load_record(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "expected" in message
    assert "found" in message
    return message


# names


def test_id_is_readable() -> None:
    assert re.fullmatch(
        r"tinystories-1m-t1-c256-p128-g128-d1-smjax-auto-r0-[0-9a-f]{8}", record_id(SCENARIO, IDENTITY, 0)
    )


def test_id_is_the_same_every_time() -> None:
    again = Scenario.from_json(json.loads(json.dumps(SCENARIO.to_json())))
    assert record_id(again, IDENTITY, 0) == record_id(SCENARIO, IDENTITY, 0)


def test_id_differs_with_anything_that_differs() -> None:
    numbers = [(0, 0), (1, 0), (0, 1), (1, 1), (11, 0), (1, 11)]
    ids = [record_id(SCENARIO, identity, *number) for identity in (IDENTITY, IDENTITY[::-1]) for number in numbers]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("path", "start"),
    [
        ("/models/Stories 15M.Q4_0.gguf", "stories-15m.q4_0-t1-"),
        ("../..gguf", "model-t1-"),
        ("/x/" + "é\n/" * 3 + "Ü.gguf", "model-t1-"),
        ("/x/" + "a" * 240 + ".gguf", "a" * 60 + "-t1-"),
    ],
)
def test_id_of_a_file_is_fit_for_a_file_name(path: str, start: str) -> None:
    found = record_id(dataclasses.replace(SCENARIO, model="gguf", model_path=path), IDENTITY, 0)
    assert found.startswith(start)
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,150}", found)


# canonical JSON


def test_canonical_json_is_one_text_for_one_value() -> None:
    assert canonical_json({"b": [1, (2.5, None)], "a": "é"}) == '{"a":"\\u00e9","b":[1,[2.5,null]]}'
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


def test_canonical_json_has_no_nan() -> None:
    assert canonical_json({"x": [math.nan, {"y": -math.inf}], "z": 1e300}) == '{"x":[null,{"y":null}],"z":1e+300}'


# writing


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = write_record(tmp_path / "new" / "records", made_record(record()))
    assert path == tmp_path / "new" / "records" / f"{record()['id']}.json"
    assert read_record(path) == record()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("status", ["failed", "timeout", "killed", "refused"])
def test_a_record_without_results_is_a_record(tmp_path: Path, status: str) -> None:
    short = record(status=status, reason="killed by SIGKILL (9); out of memory?")
    del short["samples"]
    assert read_record(write_record(tmp_path, made_record(short))) == short


# reading


def test_record_cut_at_every_tenth_byte(tmp_path: Path) -> None:
    whole = write_record(tmp_path, made_record(record())).read_bytes()
    path = tmp_path / "cut.json"
    for length in range(0, len(whole) - 1, 10):  # without the last byte, a line end, it is whole still
        path.write_bytes(whole[:length])
        assert refusal(path).endswith("; it is damaged: restore it, or move it elsewhere")
    path.write_bytes(whole[:-1])
    assert read_record(path) == record()


@pytest.mark.parametrize("key", [key for key in record() if key not in ("schema", "samples")])
def test_missing_key(tmp_path: Path, key: str) -> None:
    data = record()
    del data[key]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data))
    assert f"{key}: expected it, found nothing" in refusal(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 4}, "expected a record of schema 1 to 3, found 4, of a newer smjax; update smjax"),
        ({"schema": True}, "expected a record of schema 1 to 3, found true"),
        ({"schema": None}, "expected a record of schema 1 to 3, found none"),
        ({"status": "fine"}, "status: expected one of ok, failed, timeout, killed, refused, found 'fine'"),
        ({"provenance": "guessed"}, "provenance: expected one of measured, imported"),
        ({"replicate": "0"}, "replicate: expected a whole number, found '0'"),
        ({"wall_ns": True}, "wall_ns: expected a whole number, found True"),
        ({"scenario": []}, "scenario: expected an object, found []"),
        ({"flags": "none"}, "flags: expected a list"),
        ({"model": None}, "model: expected an object, found None"),
        ({"scenario": {}}, "scenario.model: expected it, found nothing"),
        ({"scenario": {**SCENARIO.to_json(), "measure": 3}}, "scenario.measure: expected an object, found 3"),
        ({"reason": ["x" * 1000]}, "reason: expected a text"),
    ],
)
def test_what_a_record_is_not(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(record(**change)))
    message = refusal(path)
    assert words in message
    assert len(message) < len(str(path)) + 250


def test_no_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    assert "expected a record of schema 1 to 3, found none" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"7", b"\x89PNG\r\n\x1a\n\x00", b"\xff\xfe{", b"[" * 100_000, b"9" * 5000, b'{"a":\n\n1,}'],
    ids=["empty", "list", "null", "number", "png", "utf-16", "deep", "huge", "comma"],
)
def test_no_record_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert refusal(path).endswith("; it is damaged: restore it, or move it elsewhere")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "found no such file" in refusal(tmp_path / "missing.json")
    assert "directory" in refusal(tmp_path)
