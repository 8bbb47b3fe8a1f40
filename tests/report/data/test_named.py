"""Texts that name rows."""

from __future__ import annotations

import pytest

from smjax.core.errors import RequestError
from smjax.report.data.named import Named

ROWS = [
    {"engine": "smjax", "threads": 1, "engine_args": None},
    {"engine": "smjax", "threads": 12, "engine_args": None},
    {"engine": "llama_cpp", "threads": 1, "engine_args": "flash_attn=0, mmap=true"},
    {"engine": "llama_cpp", "threads": None, "engine_args": "flash_attn=1, mmap=true"},
]
NAMES = ["AMD EPYC 9R14 smjax", "AMD EPYC 9R14 smjax", "Apple M2 llama_cpp", "Apple M2 llama_cpp"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("engine=smjax", [0, 1]),
        ("threads=1", [0, 2]),  # and not 12
        ("engine=llama_cpp threads=1", [2]),
        ("ENGINE_ARGS.flash_attn=1".lower(), [3]),
        ("engine=LLAMA", [2, 3]),
        ("apple m2", [2, 3]),
        ("m2 apple", [2, 3]),
        ("epyc threads=12", [1]),
    ],
)
def test_rows_are_meant_by_columns_and_by_words(text, meant):
    assert Named.of(text).among(ROWS, NAMES, NAMES) == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("engine=vllm", "expected engine: one of llama_cpp, smjax, found vllm; name one of them"),
        ("engine=smjaxx", "did you mean engine=smjax?"),
        ("threads=2", "expected threads: one of 1, 12, found 2"),
        ("engine=smjax engine_args.mmap=true", "expected a row that has engine_args.mmap, found none"),
        ("graviton", "found none of: AMD EPYC 9R14 smjax; Apple M2 llama_cpp; name one of them"),
        ("engine=smjax apple", "found none of: AMD EPYC 9R14 smjax; name one of them"),
        ("kernl=native", "expected a column that tells rows apart, found kernl; did you mean kernel?"),
        ("", "expected what tells a row from others, found none of it"),
        ("engine=", "expected engine: one of llama_cpp, smjax, found ;"),
    ],
)
def test_what_names_no_row_is_refused_in_one_line(text, told):
    with pytest.raises(RequestError) as refused:
        Named.of(text).among(ROWS, NAMES, NAMES)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_part_of_several_values_is_none_of_them():
    rows = [{"jaxlib": version, "cpu": cpu} for version, cpu in (("0.10.2", "AMD EPYC"), ("0.11.0", "AMD Ryzen"))]
    names = [row["cpu"] for row in rows]
    with pytest.raises(RequestError, match=r"expected one value of jaxlib, found 0\.10\.2, 0\.11\.0; write one of"):
        Named.of("jaxlib=0.1").among(rows, names, names)
    assert Named.of("jaxlib=0.10").among(rows, names, names) == [0]
    assert Named.of("cpu=AMD EPYC").among(rows, names, names) == [0]
