"""What others wrote shows every character on one line, and none of them is obeyed."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from smjax.core.text import printable

ESCAPED = {
    "a\x1b[31mred": r"a\x1b[31mred",
    "two\r\nlines\tand a tab": r"two\r\nlines\tand a tab",
    "\x7f\x9b2J": r"\x7f\x9b2J",
    "cod\u202egpj.exe\u2066": r"cod\u202egpj.exe\u2066",
    "zero\u200bwidth\ufeff\u2060\u00ad": r"zero\u200bwidth\ufeff\u2060\xad",
    "half \udcff": r"half \udcff",
    "line\u2028paragraph\u2029next\x85": r"line\u2028paragraph\u2029next\x85",
    "\ue000\U000f0000": r"\ue000\U000f0000",
    "\u3164\ufe0f\u034f\U000e0101": r"\u3164\ufe0f\u034f\U000e0101",
    "\U000e0041": r"\U000e0041",
}


@pytest.mark.parametrize("text", ESCAPED)
def test_what_is_not_seen_becomes_an_escape(text: str) -> None:
    assert printable(text) == ESCAPED[text]


@pytest.mark.parametrize(
    "text", ["TinyLlama-1.1B Q4_0", "Größe 日本語 µ ±5 \N{MULTIPLICATION SIGN} →", "\\x1b", "🦙", "e\u0301"]
)
def test_what_is_seen_stays(text: str) -> None:
    assert printable(text) == text


def test_no_character_of_a_dangerous_kind_passes() -> None:
    dangerous = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    passed = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in dangerous]
    assert [c for c in passed if printable(c) == c] == []
    assert all(printable(c).isascii() for c in passed)


def test_a_long_text_is_cut_and_says_so() -> None:
    assert printable("x" * 81) == "x" * 80 + "…"
    assert printable("x" * 80) == "x" * 80
    assert printable("\n" * 5, 3) == r"\n\n\n…"
    assert printable("y" * 1000, None) == "y" * 1000
