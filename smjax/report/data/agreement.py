"""Whether rows answer alike: how far the first ids of each go with those of a reference row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from smjax.core.records.record import Record

_ENGINE = "smjax"
_KERNELS, _KV_DTYPES = ("xla", "native"), ("float32", "float16", "bfloat16")
"""Of the reference, the one that is nearest to plain arithmetic first."""

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Agreement:
    """What is known of one row; nothing where its ids were not kept, or no row is its reference."""

    agreement: float | None = None
    ids_compared: int | None = None
    """How many ids that is a share of."""
    is_reference: bool = False


def agreements(rows: Sequence[Sequence[Record]]) -> list[Agreement]:
    """Of each row's records how far their answers go with the reference's."""
    alike = defaultdict[Hashable, list[int]](list)
    for number, row in enumerate(rows):
        alike[_prompt(row[0])].append(number)
    found = [Agreement()] * len(rows)
    for numbers in alike.values():
        able = [number for number in numbers if _may_refer(rows[number])]
        if able:
            reference = min(able, key=lambda number: _preference(rows[number]))
            for number in numbers:
                found[number] = _agreement(rows[number], rows[reference])
    return found


def answers(row: Sequence[Record]) -> list[Ids]:
    """The different beginnings of the answers that its processes gave to one prompt."""
    return list(dict.fromkeys(tuple(record.ids) for record in row if record.ok and record.ids))


def together(one: Sequence[int], other: Sequence[int]) -> int:
    """How many ids of both are the same before the first that is not."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _agreement(row: Sequence[Record], reference: Sequence[Record]) -> Agreement:
    own, (ids,) = answers(row), answers(reference)
    if not own:
        return Agreement()
    compared = min(map(len, (*own, ids)))
    return Agreement(min(together(ids, one) for one in own) / compared, compared, row is reference)


def _prompt(record: Record) -> Hashable:
    """Records that agree in it were asked the same, of the same weights, in one run."""
    return record.model.hash, record.run, record.scenario.n_prompt, record.scenario.seed, record.provenance


def _may_refer(row: Sequence[Record]) -> bool:
    """Processes that do not agree with each other are nobody's reference."""
    return row[0].scenario.engine == _ENGINE and len(answers(row)) == 1


def _preference(row: Sequence[Record]) -> tuple[int, int, int, int]:
    """The less, the better it is as a reference: by kernel, KV type, ids that it has, and threads."""
    first = next(record for record in row if record.ok and record.ids)
    ran = first.resolved
    kernel, kv_dtype = (ran.kernel, ran.kv_dtype) if ran else ("", "")
    return _place(kernel, _KERNELS), _place(kv_dtype, _KV_DTYPES), -len(first.ids), first.scenario.threads


def _place(name: str | None, known: Sequence[str]) -> int:
    return known.index(name) if name in known else len(known)
