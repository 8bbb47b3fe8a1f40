"""What a sweep finds measured already in its folder, and what of it still counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from smjax.core.records.alike import point
from smjax.core.records.document import digest
from smjax.core.records.record import Record
from smjax.core.records.resolved import Resolved
from smjax.sweep.plan.standing import Standing, process_of


def standings_of(
    identities: Mapping[Resolved, dict[str, str]], records: Sequence[Record], say: Callable[[str], None]
) -> list[Standing]:
    """Where each scenario stands; says what of the folder counts, and why what is like it does not."""
    own = {resolved: _own(resolved, parts, records) for resolved, parts in identities.items()}
    if records:
        counted = sum(map(len, own.values()))
        say(f"resuming: {counted} of the folder's {len(records)} records are processes of this sweep and stay")
    anew = (_why_anew(resolved, parts, records) for resolved, parts in identities.items() if not own[resolved])
    for text in dict.fromkeys(filter(None, anew)):
        say(text)
    return [_standing(resolved, parts.get("weights", ""), own[resolved]) for resolved, parts in identities.items()]


def rounds_so_far(records: Sequence[Record], run: str) -> int:
    """How many rounds a sweep that goes on has begun: none of them goes on with it, as its processes would be apart."""
    return max((record.order.block + 1 for record in records if record.run == run and record.order), default=0)


def _own(resolved: Resolved, parts: Mapping[str, str], records: Sequence[Record]) -> list[Record]:
    """Those that are processes of the scenario; what is measured under another label is a row of its own."""
    identity, label = digest(parts), resolved.scenario.label
    return [record for record in records if (record.identity, record.scenario.label) == (identity, label)]


def _standing(resolved: Resolved, weights: str, own: Sequence[Record]) -> Standing:
    standing = Standing(resolved, {}, weights)
    for record in sorted(own, key=lambda record: record.attempt):
        standing.add(record.replicate, process_of(record))
    return standing


def _why_anew(resolved: Resolved, parts: Mapping[str, str], records: Sequence[Record]) -> str | None:
    """What is other than in the records of the same point, best of the same label, of which there may be none."""
    asked, label = point(resolved.scenario), resolved.scenario.label
    similar = [record for record in records if point(record.scenario) == asked]
    if not similar:
        return None
    before = max(similar, key=lambda record: (record.scenario.label == label, record.date))
    changed = [name for name, value in parts.items() if before.identity_parts.get(name) != value]
    changed += [] if before.scenario.label == label else ["label"]
    return f"starting anew beside earlier records of the same scenarios, as other than then: {', '.join(changed)}"
