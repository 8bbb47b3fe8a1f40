"""What computed the processes of rows: engines by their versions and builds, in a few words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from smjax.core.engines import ENGINES
from smjax.core.records.record import Record
from smjax.core.text import printable

SEPARATOR = ", "
_SAID_ELSEWHERE = ("python", "numpy", "smjax")


def builds(rows: Sequence[Sequence[Record]]) -> list[str | None]:
    """Of each row's records what their engine calls itself; None where nothing is known of it."""
    finished = {_installed(record): record for record in itertools.chain.from_iterable(rows) if record.ok}
    told = (next((one for one in row if one.ok), finished.get(_installed(row[0]), row[0])) for row in rows)
    return [printable(SEPARATOR.join(_called(record)), limit=None) or None for record in told]


def _installed(record: Record) -> tuple[str, str]:
    """What is the same of all that the same installed files computed; of a record that does not say, of it alone."""
    return record.scenario.engine, record.identity_parts.get("libraries") or record.id


def _called(record: Record) -> tuple[str, ...]:
    """As a process that finished ok says it; as it was installed, where none did."""
    versions = {**record.environment.packages, **record.versions}
    spec = ENGINES.get(record.scenario.engine)
    if spec is not None:
        return tuple(part.replace(SEPARATOR, " ") for part in spec.called(versions))
    own = [(name, version) for name, version in record.versions.items() if version and name not in _SAID_ELSEWHERE]
    return tuple(f"{name} {version}".replace(SEPARATOR, " ") for name, version in own)
