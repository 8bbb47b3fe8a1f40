"""Short names of runs: as short as tells them apart."""

from __future__ import annotations

import pytest

from smjax.report.data.run_names import short_names


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        (["20261127T164812Z-ab12cd"], ["2026-11-27 16:48"]),
        (["20261127T164812Z-ab12cd", "20261127T164902Z-0012cd"], ["2026-11-27 16:48", "2026-11-27 16:49"]),
        (["20261127T164812Z-ab12cd", "20261127T164859Z-0012cd"], ["2026-11-27 16:48:12", "2026-11-27 16:48:59"]),
        (
            ["20261127T164812Z-ab12cd", "20261127T164812Z-0012cd"],
            ["20261127T164812Z-ab12cd", "20261127T164812Z-0012cd"],
        ),
        (["monday/run", "20261127T164812Z-ab12cd"], ["monday/run", "2026-11-27 16:48"]),
        (["20269927T164812Z-ab12cd", ""], ["20269927T164812Z-ab12cd", ""]),
    ],
)
def test_a_name_says_when_it_began(runs, names):
    assert list(short_names(runs).values()) == names
