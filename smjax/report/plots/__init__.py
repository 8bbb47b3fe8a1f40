"""Pictures of what was measured, as Vega-Lite: each a module with a function `make`, of what a report is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smjax.core.output import complain
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.plots import over_context
from smjax.report.plots.plot import Plot

Picture = Callable[[Contents], Sequence[Plot]]

PICTURES: tuple[Picture, ...] = (over_context.make,)
"""In the order of a report."""


def plots(contents: Contents) -> list[Plot]:
    """All that there is to be drawn. A picture that fails is left out, and said on stderr: the others are as good."""
    found = list[Plot]()
    for make in PICTURES:
        try:
            found += make(contents)
        except Exception as error:  # whatever it is, it may not cost a report its other pictures
            name = make.__module__.rpartition(".")[2]
            complain(f"picture {name}: left out, {type(error).__name__}: {printable(str(error))}")
    return found
