"""What a comparison along an axis comes to: who is faster, in how many of the scenarios, and by how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from smjax.core.numbers import listed, significant
from smjax.report.compare.comparison import Comparison
from smjax.report.compare.pairing import AS_NAMED
from smjax.stats.verdicts import Verdict


def lead(comparisons: Sequence[Comparison], figure: str) -> list[str]:
    """A sentence for each value that stands beside the base; `figure` is what is compared."""
    by_names = defaultdict[tuple[str, str], list[Comparison]](list)
    for one in comparisons:
        if one.names != AS_NAMED and one.is_measured:
            by_names[one.names].append(one)
    return [_sentence(base, new, own, figure) for (base, new), own in by_names.items()]


def _sentence(base: str, new: str, own: Sequence[Comparison], figure: str) -> str:
    lacking = [one for one in own if one.base is None or one.new is None]
    found = defaultdict[Verdict, list[Comparison]](list)
    for one in own:
        if one.base is not None and one.new is not None:
            found[one.verdict].append(one)
    told = [_said(verdict, found[verdict], base, len(own), figure) for verdict in Verdict if found[verdict]]
    told += [f"without a figure in {_of_all(len(lacking), len(own))}"] if lacking else []
    return f"{new}: {listed(told)}."


def _said(verdict: Verdict, own: Sequence[Comparison], base: str, rows: int, figure: str) -> str:
    where = _of_all(len(own), rows)
    if verdict is Verdict.UNDECIDED:
        return f"undecided in {where}"
    known = [one.ratio for one in own if one.ratio is not None]
    ends = dict.fromkeys(significant(ratio) for ratio in (min(known), max(known)))
    than = f"the same as {base}" if verdict is Verdict.SAME else f"{verdict} than {base}"
    return f"{than} in {where} ({' to '.join(ends)} times its {figure})"


def _of_all(count: int, rows: int) -> str:
    everywhere = {1: "the one row", 2: "both rows"}.get(rows, f"all {rows} rows")
    return everywhere if count == rows else f"{count} of {rows} rows"
