"""What any tool's file comes down to: one process's result, in the terms of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smjax.core.records.flag import Flag
from smjax.core.records.imported import Timed


@dataclass(frozen=True)
class Result:
    """One process; what its tool does not say is None or empty."""

    place: str
    engine: str
    n_prompt: int
    n_gen: int
    samples: Sequence[Timed]
    fields: Mapping[str, Any]
    """All that the file says of it, but for the samples."""
    tokens: int | None = None
    """That each sample's span is of, where it is one."""
    depth: int = 0
    """Tokens that are in the cache before all these."""
    threads: int | None = None
    kernel: str | None = None
    kv_dtype: str | None = None
    engine_args: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    model_path: str | None = None
    model_bytes: int | None = None
    """Of its tensors."""
    cpu: str | None = None
    arch: str | None = None
    os: str | None = None
    label: str = ""
    date: str | None = None
    replicate: int = 0
    replicates: int = 1
    are_means: bool = False
    flags: frozenset[Flag] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    phases_ns: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """All that makes it another thing than the next, besides what is above."""
