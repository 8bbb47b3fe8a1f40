"""Whether rows can be measurements beside each other: relations that measurements hardly ever have.

A set is the rows (as in `alone`) of one machine and program at several threads and contexts. A check says what it
found, with figures, by the number of the row in the set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np

from smjax.core.numbers import significant
from smjax.report.audit.alone import has_digits
from smjax.report.render.grid import TIMES, Row

Said = dict[int, str]
Key = TypeVar("Key", bound=Hashable)
_FEW = 3


def linear_scaling(rows: Sequence[Row]) -> Said:
    """Threads share memory, caches and power: two are hardly ever exactly twice as fast as one.

    Rounded figures may once agree by chance, so that those of three digits or less must do so at two points.
    """
    said: Said = {}
    for per_thread, numbers in _alike(rows, lambda row: _divided(row["decode_tok_per_s"], row["threads"])).items():
        points = _alike([rows[number] for number in numbers], lambda row: (row["ctx"], row["n_prompt"], row["n_gen"]))
        linear = [[numbers[place] for place in places] for places in points.values()]
        linear = [point for point in linear if len({rows[number]["threads"] for number in point}) > 1]
        coincidences = sum(len(point) - 1 for point in linear)
        if coincidences > 1 or (coincidences and not has_digits(per_thread, 3)):
            count = sum(map(len, linear))
            reason = f"exactly linear scaling: decode tok/s is {per_thread:.3f} {TIMES} threads in {count} rows"
            said |= {number: reason for point in linear for number in point}
    return said


def _divided(rate: float | None, threads: int | None) -> float | None:
    return None if rate is None or threads is None else float(f"{rate / threads:.9g}")


def same_at_contexts(rows: Sequence[Row]) -> Said:
    """Attention over more of the cache takes longer, and so does a longer prompt."""
    figures = {"decode_tok_per_s": "decode tok/s", "e2e_tok_per_s": "e2e tok/s", "ttft_ms": "TTFT ms"}
    return _same(rows, "ctx", ("threads", "n_gen"), figures)


def same_at_threads(rows: Sequence[Row]) -> Said:
    """Nothing takes the same time whatever the number of threads."""
    figures = {"decode_tok_per_s": "decode tok/s", "ttft_ms": "TTFT ms"}
    return _same(rows, "threads", ("ctx", "n_prompt", "n_gen"), figures)


def _same(rows: Sequence[Row], over: str, alike: Sequence[str], figures: dict[str, str]) -> Said:
    said: dict[int, list[str]] = defaultdict(list)
    for name, title in figures.items():
        known = [number for number, row in enumerate(rows) if row[name] is not None]
        keys = [tuple(rows[number][key] for key in (*alike, name)) for number in known]
        for key in set(keys):
            same = [number for number, other in zip(known, keys, strict=True) if other == key]
            places = sorted({rows[number][over] for number in same})
            for number in same if len(places) > 1 else ():
                said[number].append(f"{title} {significant(key[-1], 4)} at {over} {', '.join(map(str, places))}")
    return {number: f"identical figures: {' and '.join(texts)}" for number, texts in said.items()}


def same_memory(rows: Sequence[Row]) -> Said:
    """The cache grows with the context, and hardly two processes end with the same number of pages."""
    known = {number: row for number, row in enumerate(rows) if row["peak_rss_mb"] is not None}
    peaks, contexts = ({row[name] for row in known.values()} for name in ("peak_rss_mb", "ctx"))
    if len(known) < _FEW or len(peaks) > 1 or len(contexts) < 2:
        return {}
    return dict.fromkeys(
        known, f"identical figures: RSS {peaks.pop():.1f} MB in all {len(known)} rows, at every context"
    )


def ttft_by_formula(rows: Sequence[Row]) -> Said:
    """TTFT is no straight line over the context: products and attention grow differently, and there is noise."""
    said: Said = {}
    for numbers in _alike(rows, lambda row: (row["threads"], row["n_gen"])).values():
        points = {rows[number]["ctx"]: rows[number]["ttft_ms"] for number in numbers if rows[number]["ttft_ms"]}
        if len(points) < _FEW or len(set(points.values())) == 1:
            continue
        contexts, times = np.array(list(points), float), np.array(list(points.values()))
        slope, start = np.polyfit(contexts, times, 1)
        if (np.abs(start + slope * contexts - times) <= 1e-6 * times).all():
            line = f"{start:.4g} + {slope:.4g} {TIMES} ctx ms"
            said |= dict.fromkeys(numbers, f"formula: TTFT is exactly {line} at {len(points)} contexts")
    return said


def round_numbers(rows: Sequence[Row]) -> Said:
    """One figure may come out round; not all of them."""
    rates = {number: row["decode_tok_per_s"] for number, row in enumerate(rows) if row["decode_tok_per_s"] is not None}
    if len(rates) < _FEW or not all(has_digits(rate, 2) for rate in rates.values()):
        return {}
    told = ", ".join(f"{rate:g}" for rate in sorted(set(rates.values())))
    return dict.fromkeys(rates, f"round numbers: decode tok/s is {told} in all {len(rates)} rows")


def copied_samples(rows: Sequence[Row]) -> Said:
    """Noise does not repeat itself, not even times a factor."""
    shapes: dict[tuple[float, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        for samples in row.get("decode_tok_per_s_samples") or ():
            if len(samples) > _FEW and len(set(samples)) > 1:
                shapes[tuple(round(samples[0] / sample, 7) for sample in samples)].append(number)
    repeated = [number for numbers in shapes.values() if len(numbers) > 1 for number in numbers]
    return dict.fromkeys(repeated, "formula-like variance: its decode samples are another process's, times a factor")


def _alike(rows: Sequence[Row], key: Callable[[Row], Key | None]) -> dict[Key, list[int]]:
    """Numbers of the rows by their key; rows of key None are left out."""
    found: dict[Key, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if (its := key(row)) is not None:
            found[its].append(number)
    return found


CHECKS: tuple[Callable[[Sequence[Row]], Said], ...] = (
    linear_scaling,
    same_at_contexts,
    same_at_threads,
    same_memory,
    ttft_by_formula,
    round_numbers,
    copied_samples,
)
