from __future__ import annotations

import pytest

from tests.docs.shape import difference

PRINTED = """\
### x86_64 · AMD EPYC

| model | threads | tok/s |
| --- | ---: | ---: |
| tinystories-1m | 1 | 12800 ±1.1 % |

Files:
  outputs/2026-11-29_21-15-19/summary.csv
"""


@pytest.mark.parametrize(
    "shown",
    [
        PRINTED,
        "…",
        "### x86_64 · …\n…",
        "…\n| model | … |\n…\n| tinystories-1m | 4 | 9.7 ±0.30 % |\n…",
        "…\n  outputs/2027-01-02_03-04-05/summary.csv",
    ],
)
def test_what_has_the_shape(shown: str) -> None:
    assert difference(shown.splitlines(), PRINTED) == ""


@pytest.mark.parametrize(
    "shown",
    [
        "### arm64 · …\n…",
        "…\n| model | threads |\n…",
        "…\n| tinystories-1m | 1 | 12800 |\n…",
        "…\nFiles:",
        "### x86_64 · AMD EPYC",
        "…\nFiles:\n…\n| model | … |\n…",
    ],
)
def test_what_has_another(shown: str) -> None:
    assert difference(shown.splitlines(), PRINTED) != ""
