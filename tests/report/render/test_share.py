"""Shares as bars that are never clipped without saying so."""

from __future__ import annotations

import pytest

from smjax.report.render.pen import ASCII, BLOCKS
from smjax.report.render.share import Share


@pytest.mark.parametrize(
    ("share", "blocks", "plain"),
    [
        (0, "", ""),
        (-0.1, "", ""),
        (0.01, "▏", ""),
        (0.5, "█████", "#####"),
        (0.55, "█████▌", "######"),
        (1, "█" * 10, "#" * 10),
    ],
)
def test_a_bar_is_as_long_as_its_share(share, blocks, plain):
    for pen, expected in ((BLOCKS, blocks), (ASCII, plain)):
        found = Share.strip([Share(share), None], 10, pen)
        assert found is not None
        assert found.cells == ((expected,), ())
        assert found.heading == ("0        1",)


def test_above_1_it_goes_on():
    assert Share.strip([Share(2.5)], 6, BLOCKS) is None, "the mark takes room too"
    found = Share.strip([Share(2.5)], 7, BLOCKS)
    assert found is not None
    assert found.cells == (("█" * 6 + ">",),)
