"""What computed the processes of rows: engines by their versions and builds, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.engines import ENGINES
from smjax.core.records.record import Record
from smjax.core.text import printable

SEPARATOR = ", "
_SAID_ELSEWHERE = ("python", "numpy", "smjax")


def builds(rows: Sequence[Sequence[Record]]) -> list[str | None]:
    """Of each row's records what their engine calls itself; None where nothing is known of it."""
    return [printable(SEPARATOR.join(_called(row)), limit=None) or None for row in rows]


def _called(row: Sequence[Record]) -> tuple[str, ...]:
    """As the first process that finished ok says it; as it was installed, where none did."""
    record = next((record for record in row if record.ok), row[0])
    versions = {**record.environment.packages, **record.versions}
    spec = ENGINES.get(record.scenario.engine)
    if spec is not None:
        return tuple(part.replace(SEPARATOR, " ") for part in spec.called(versions))
    own = [(name, version) for name, version in record.versions.items() if version and name not in _SAID_ELSEWHERE]
    return tuple(f"{name} {version}".replace(SEPARATOR, " ") for name, version in own)
