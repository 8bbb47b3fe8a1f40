"""Profiles beside the records of a run: read as they were written, one of each thing, and damage is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from smjax.core.records.typed import encode
from smjax.report.data.profile_document import ToldPart, ToldProfile, ToldRatio, ToldStep
from smjax.report.data.profile_files import profiles_in, write_profiles

_STEP = ToldStep(
    measured_us=100.0,
    parts_us=80.0,
    adds_up=ToldRatio(0.8, None, None, "1 block"),
    instrument=ToldRatio(1.01, 0.99, 1.03),
    steps=40,
    stamps=None,
    parts=[
        ToldPart("qkv", "queries", 80.0, 0.8, 40.0, bytes=7, layers_us={"0": 30.0, "1": 50.0}),
        ToldPart("in no part", "the rest", -2.0, -0.02),
    ],
)
TOLD = ToldProfile(
    *("a small: one", "native", "avx2", "float16", 2, 256, 128, 128, 42, 2, 5, "stamps"), decode=_STEP, prefill=_STEP
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    deeper = replace(TOLD, ctx=512)
    (first, _) = write_profiles(tmp_path, [TOLD, deeper])
    write_profiles(tmp_path, [replace(TOLD, date="2026-02-28T12:00:00Z")])  # of the same thing
    assert profiles_in([tmp_path]) == ([replace(TOLD, date="2026-02-28T12:00:00Z"), deeper], [])
    assert first.name.startswith("profile-a-small-one-t2-c256-native-")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "expected a profile, found "),
        ("{", "expected a profile, found "),
        ("[]", "the whole: expected an object"),
        (json.dumps(encode(TOLD) | {"decode": None}), "decode: expected an object, found "),
        (json.dumps(encode(TOLD) | {"threads": "\x1b[2J"}), "threads: expected "),
        ("1" * 5000, "expected a profile, found "),
    ],
)
def test_what_is_no_profile_is_said_in_a_line(text: str, said: str, tmp_path: Path) -> None:
    write_profiles(tmp_path, [TOLD])
    damaged = tmp_path / "profile-b.json"
    damaged.write_text(text)
    found, (line,) = profiles_in([tmp_path])
    assert found == [TOLD]
    assert line.startswith(f"{damaged}: {said}")
    assert line.isprintable()
    assert line.endswith("; profile again, or move it elsewhere")
