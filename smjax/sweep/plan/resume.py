"""What a sweep finds measured already in its folder, and what of it still counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from smjax.core.records.alike import point
from smjax.core.records.record import Record
from smjax.core.records.resolved import Resolved
from smjax.sweep.plan.identity import digest
from smjax.sweep.plan.standing import Standing, process_of


def standings_of(
    identities: Mapping[Resolved, dict[str, str]], records: Sequence[Record], say: Callable[[str], None]
) -> list[Standing]:
    """Where each scenario stands; says what of the folder counts, and why what is like it does not."""
    digests = {resolved: digest(parts) for resolved, parts in identities.items()}
    if records:
        counted = sum(record.identity in digests.values() for record in records)
        say(f"resuming: {counted} of the folder's {len(records)} records are processes of this sweep and stay")
    for text in dict.fromkeys(_why_anew(resolved, parts, records) for resolved, parts in identities.items()):
        if text:
            say(text)
    several = {whole for whole, count in Counter(digests.values()).items() if count > 1}
    return [_standing(resolved, parts, records, digests[resolved] in several) for resolved, parts in identities.items()]


def rounds_so_far(records: Sequence[Record], run: str) -> int:
    """How many rounds a sweep that goes on has begun: none of them goes on with it, as its processes would be apart."""
    return max((record.order.block + 1 for record in records if record.run == run and record.order), default=0)


def _standing(resolved: Resolved, parts: Mapping[str, str], records: Sequence[Record], by_label: bool) -> Standing:
    """`by_label`: the sweep measures the same under several labels, and each has its own processes."""
    standing, label, identity = Standing(resolved, {}, parts["weights"]), resolved.scenario.label, digest(parts)
    own = [record for record in records if record.identity == identity]
    for record in sorted(own, key=lambda record: record.attempt):
        if by_label and record.scenario.label != label:
            continue
        standing.add(record.replicate, process_of(record))
    return standing


def _why_anew(resolved: Resolved, parts: Mapping[str, str], records: Sequence[Record]) -> str | None:
    """What has changed since records of the same point were made, if none of them is of this identity."""
    asked = point(resolved.scenario)
    similar = [record for record in records if point(record.scenario) == asked]
    if not similar or any(record.identity == digest(parts) for record in similar):
        return None
    before = max(similar, key=lambda record: record.date).identity_parts
    changed = [name for name, value in parts.items() if before.get(name) != value]
    return f"starting anew beside earlier records of the same scenarios, as other than then: {', '.join(changed)}"
