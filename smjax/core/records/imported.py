"""What a record of another tool's result keeps besides: where it is from, what was timed, all that its source says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from smjax.core.records.quantities import Nanoseconds, Rate


@dataclass(slots=True)
class Timed:
    """One repetition as far as the tool timed it; what it did not time is None.

    Two tools hardly time the same, so that each span has a name of its own, and a figure is made of none but its own.
    """

    ttft_ns: Nanoseconds | None = None
    """As of an answer of ours: from prompt ids on the host to the first id."""
    decode_ns: Nanoseconds | None = None
    """As of an answer of ours: `n_gen` - 1 ids after the first."""
    token_ns: Sequence[int] | None = None
    prefill_ns: Nanoseconds | None = None
    """The pass over the prompt, and no id chosen from it."""
    forward_ns: Nanoseconds | None = None
    """`n_gen` passes over one token each, and no id chosen."""
    passes_ns: Nanoseconds | None = None
    """Both after another, as one span."""
    answer_ns: Nanoseconds | None = None
    """From prompt ids to the last of `n_gen` ids, as one span."""

    @property
    def span_ns(self) -> int:
        """All that was timed, one after another."""
        spans = (self.ttft_ns, self.decode_ns, self.prefill_ns, self.forward_ns, self.passes_ns, self.answer_ns)
        return sum(span or 0 for span in spans)


@dataclass
class Imported:
    """Of one process of another tool, or of as much as its file tells one from."""

    tool: str
    version: str = ""
    """As the file says it; empty where it does not."""
    file: str = ""
    """Its name."""
    digest: str = ""
    """`sha256:` and that of its bytes."""
    place: str = ""
    """Where in it: `line 3`."""
    samples: list[Timed] = field(default_factory=list)
    are_means: bool = False
    """Each is the mean of several, which the file has not got."""
    spread: Rate | None = None
    """Standard deviation of the samples' spans, as a share of their mean; None of one, and of means."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What makes it another thing than the next, besides what the record has of its own."""
    fields: dict[str, Any] = field(default_factory=dict)
    """All that the file says of it, as it says it."""
