"""Measures what a calibration lacks, sweep by sweep; one that was interrupted does not count, and is made anew."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.records.folder import load_records
from smjax.sweep.request.literal import quoted

from . import medians
from .medians import Medians

BETWEEN, INTERLEAVED = "between", "interleaved"
HANDICAP = 0.05
DATA = "medians.json"
_BOTH = f"measure.handicap=0,{HANDICAP}"


def overrides(threads: Sequence[int]) -> dict[str, list[str]]:
    """Of each kind of sweep."""
    return {
        BETWEEN: [f"threads={','.join(map(str, threads))}", _BOTH],
        INTERLEAVED: ["label=a,b", _BOTH],
    }


def measure(folder: Path, planned: Mapping[str, int], asked: Mapping[str, Sequence[str]], until_s: float) -> Medians:
    """Sweeps in turn until there are as many of each kind as planned, or none would end before `until_s`.

    `until_s`: as `time.time` counts. Kinds take turns, so that each is spread over all the time.
    """
    done = medians.load([folder / DATA])
    done.planned = dict(planned)
    longest_s = dict.fromkeys(planned, 0.0)
    while kind := _next(done):
        started_s = time.time()
        if started_s + longest_s[kind] > until_s:
            break
        done.add(kind, load_records([_sweep(folder, kind, asked[kind])]).records)
        medians.save(done, folder / DATA)
        longest_s[kind] = max(longest_s[kind], time.time() - started_s)
        print(f"{so_far(done)}; the last took {time.time() - started_s:.0f} s", file=sys.stderr, flush=True)
    return done


def so_far(found: Medians) -> str:
    """How many sweeps there are of those that are to be."""
    return ", ".join(f"{len(found.of_kind(kind))} of {n} {kind}" for kind, n in found.planned.items() if n)


def _next(done: Medians) -> str | None:
    """The kind of which the largest share is missing; None if nothing is."""
    shares = {kind: len(done.of_kind(kind)) / n for kind, n in done.planned.items() if n}
    kind = min(shares, key=lambda kind: shares[kind], default=None)
    return kind if kind is not None and shares[kind] < 1 else None


def _sweep(folder: Path, kind: str, asked: Sequence[str]) -> Path:
    """Into a folder that nothing is in yet; raises RequestError if it did not end as it should."""
    names = (folder / f"{kind}-{number:02d}" for number in itertools.count(1))
    fresh = next(name for name in names if not name.exists())
    command = [sys.executable, "-m", "smjax.run", "-m", *asked, f"hydra.sweep.dir={quoted(str(fresh))}"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):  # 1: a worker failed, which is a result like others
        said = done.stderr.strip().splitlines()[-1:] or ["nothing was said"]
        raise RequestError(f"{' '.join(command[1:])}: expected a sweep, found exit code {done.returncode}: {said[0]}")
    return fresh
