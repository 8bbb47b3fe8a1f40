"""Pictures of what was measured, as Vega-Lite: each a module with a function `make`, of what a report is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smjax.core.output import complain
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.plots import (
    decode_bandwidth,
    history,
    in_order,
    itl_over_depth,
    memory_curves,
    memory_parts,
    op_shares,
    op_times,
    over_context,
    over_threads,
    ratios,
    roofline,
    token_parts,
)
from smjax.report.plots.plot import Plot

Picture = Callable[[Contents], Sequence[Plot]]

PICTURES: tuple[Picture, ...] = (
    ratios.make,
    over_context.make,
    over_threads.make,
    in_order.make,
    itl_over_depth.make,
    token_parts.make,
    decode_bandwidth.make,
    memory_parts.make,
    roofline.make,
    op_shares.make,
    op_times.make,
    memory_curves.make,
    history.make,
)
"""In the order of a report."""


def plots(contents: Contents) -> list[Plot]:
    """All that there is to be drawn. A picture that fails is left out, and said on stderr: the others are as good."""
    if not contents.rows.height:
        return []
    from altair.utils.schemapi import debug_mode

    found = list[Plot]()
    with debug_mode(False):  # each part would be checked whenever it is made; tests check the whole
        for make in PICTURES:
            found += _of(make, contents)
    return found


def _of(make: Picture, contents: Contents) -> Sequence[Plot]:
    try:
        return make(contents)
    except Exception as error:  # whatever it is, it may not cost a report its other pictures
        name = make.__module__.rpartition(".")[2]
        complain(f"picture {name}: left out, {type(error).__name__}: {printable(str(error))}")
        return ()
