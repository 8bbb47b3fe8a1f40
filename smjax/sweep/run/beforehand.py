"""What to know before a sweep is measured: why its figures will not be what they could be, and what helps."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence

from smjax.core.engines import Host
from smjax.core.errors import RequestError
from smjax.core.numbers import listed, plural
from smjax.core.records.resolved import Resolved
from smjax.sweep.ahead.cache import is_writable
from smjax.sweep.request.validate import is_oversubscribed

WATCH_S, STRICT_WATCH_S = 0.3, 1.0
"""How long the machine is watched: to warn, and to refuse."""
_NAMED = 3
"""Disturbances that are named; the doctor names all."""


_ADDRESSES_BYTES = 1_400_000_000
"""What a worker and this process each need at least: with 1.2 GB allocations failed, with 1.4 GB none (two CPUs)."""


def check_addresses() -> None:
    """Raise RequestError under a limit (`ulimit -v`) below which nothing gets as far as to tell that it is too low."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= limit < _ADDRESSES_BYTES:  # without a limit it is -1, or more than there can be
        raise RequestError(
            f"memory: expected {_ADDRESSES_BYTES / 1e6:,.0f} MB of addresses, found a limit of {limit / 1e6:,.0f} MB; "
            "raise it (ulimit -v unlimited): addresses are no memory, which a container's limit takes care of"
        )


def warnings(asked: Sequence[Resolved], host: Host, disturbing: Sequence[str]) -> Iterator[str]:
    """A line each; `disturbing` is what makes the machine noisy just now."""
    yield from _too_many_threads(asked, host)
    if not is_writable():
        yield (
            "cache: expected a folder for compiled programs, found none that can be written; "
            "every run compiles anew: set SMJAX_CACHE_DIR"
        )
    if host.get("machine") == "":
        yield "machine: expected a state folder for its id, found none that can be written; set SMJAX_MACHINE=NAME"
    if disturbing:
        more = "; …" if len(disturbing) > _NAMED else ""
        found = "; ".join(disturbing[:_NAMED])
        yield f"this machine is not quiet ({found}{more}): figures will be lower or spread; see smjax doctor, or wait"


def _too_many_threads(asked: Sequence[Resolved], host: Host) -> Iterator[str]:
    """By affinity or by a container's quota: both look like slow cores in the figures."""
    cpu = host["cpu"]
    threads = sorted({one.scenario.threads for one in asked if is_oversubscribed(one.scenario, host)})
    if not threads:
        return
    cores, quota = cpu["usable_cores"], cpu["cgroup_quota_cores"]
    if quota is not None and (cores is None or quota < cores):
        where, fit = f"the time of {quota:g} CPUs, the container's limit", max(1, int(quota))
    else:
        where, fit = plural(cores, "usable CPU", "usable CPUs"), cores
    each = listed([str(one) for one in threads])
    yield (
        f"threads: {each} take turns on {where}; such rows are flagged oversubscribed, "
        f"and the most that fits is threads={fit}"
    )
