"""Engines of other packages, found by their entry points; a wrong one is left out, with a line, and breaks nothing."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from smjax.core.engines.completed import complete
from smjax.core.engines.rules import is_name, why_wrong
from smjax.core.engines.spec import EngineSpec
from smjax.core.text import printable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "smjax.engines"
"""An entry point's name is the engine's, its value `package.module:SPEC`."""
_SLOW_S = 2.0


@dataclass
class Found:
    """What other packages add."""

    specs: dict[str, EngineSpec] = field(default_factory=dict)
    complaints: dict[str, str] = field(default_factory=dict)
    """By the engine's name one line: why it is left out, or what it does that it should not."""


class _LeftOut(Exception):
    """`expected …, found …; what to do`."""


@dataclass(frozen=True)
class _Offer:
    """An entry point, and the distribution that it is of."""

    entry: EntryPoint
    distribution: str
    version: str

    @property
    def who(self) -> str:
        return f"{self.distribution} {self.version}".strip()


def find(taken: Collection[str]) -> Found:
    """The engines of other packages; none may have one of the names that are `taken`."""
    found = Found()
    offers = _offers(found)
    for name in dict.fromkeys(offer.entry.name for offer in offers):
        same = [offer for offer in offers if offer.entry.name == name]
        who = printable(f"engine {name} of {' and '.join(offer.who for offer in same)}", None)
        try:
            _check_name(name, same, taken)
            spec, remark = _load(same[0].entry)
            found.specs[name] = complete(spec, same[0].entry.module, same[0].distribution)
        except _LeftOut as reason:
            remark = f"{reason}; left out"
        if remark:
            found.complaints[name] = f"{who}: {remark}"
    return found


def _offers(found: Found) -> list[_Offer]:
    """Entry points of the group; of a distribution that is there twice those of the first, which is imported too."""
    offers = dict[str, list[_Offer]]()
    for folder in _metadata(sys.path):
        # Its 50 modules are imported where there is such a package, and nobody else waits for them.
        from importlib.metadata import Distribution

        called, _, rest = folder.stem.partition("-")
        if called in offers:
            continue
        offers[called] = []
        distribution = called.replace("_", "-")
        try:
            entries = Distribution.at(folder).entry_points.select(group=GROUP)
            offers[called] += [_Offer(entry, distribution, rest) for entry in entries]
        except Exception as error:  # whatever reading a line that is none leads to
            reason = f"expected entry points that can be read, found {_one_line(error)}; install it anew"
            found.complaints[distribution] = printable(f"engines of {distribution} {rest}: {reason}; left out", None)
    return [offer for each in offers.values() for offer in each]


def _metadata(places: Iterable[str]) -> Iterator[Path]:
    """Folders of distributions whose entry points name the group, found without importing what reads them."""
    for place in dict.fromkeys(map(Path, places)):
        with contextlib.suppress(OSError):
            for folder in sorted(place.iterdir()):
                if folder.suffix in (".dist-info", ".egg-info") and _names_group(folder / "entry_points.txt"):
                    yield folder


def _names_group(entry_points: Path) -> bool:
    try:
        return GROUP.encode() in entry_points.read_bytes()
    except OSError:
        return False


def _check_name(name: str, offers: list[_Offer], taken: Collection[str]) -> None:
    if not is_name(name):
        raise _LeftOut(
            "expected a name of letters, digits, _ and -, and none that means something else; choose another"
        )
    if name in taken:
        raise _LeftOut(f"expected a name of its own, found that of smjax's {name}; choose another")
    if len(offers) > 1:
        raise _LeftOut("expected one package with an engine of that name, found several; uninstall the others")


def _load(entry: EntryPoint) -> tuple[EngineSpec, str]:
    """The spec, and what is to be said of how it came, if anything."""
    before, started = set(sys.modules), time.monotonic()
    with _kept_from_stdout() as said:
        try:
            spec = entry.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too, and what other languages' libraries raise
            found = f"expected {entry.value} to be imported, found {_one_line(error)}"
            raise _LeftOut(f"{found}; repair or uninstall it") from None
    took_s = time.monotonic() - started
    if reason := why_wrong(spec, entry.name, entry.value):
        raise _LeftOut(reason)
    if heavy := [name for name in spec.modules if name in sys.modules and name not in before]:
        found = f"expected {entry.value} without what computes, found that it imports {', '.join(heavy)}"
        raise _LeftOut(f"{found}; leave that to its make")
    remarks = (
        [f"{entry.value} took {took_s:.1f} s to import, for which every command waits"] if took_s > _SLOW_S else []
    )
    if words := " ".join(said.getvalue().split()):
        remarks.append(f"{entry.value} printed {printable(words)!r} when it was imported, which is not passed on")
    return spec, "; ".join(remarks)


@contextlib.contextmanager
def _kept_from_stdout() -> Iterator[io.StringIO]:
    """What Python prints in between; what others write to stdout, where answers stand, goes to stderr."""
    said = io.StringIO()
    with contextlib.ExitStack() as undo, contextlib.redirect_stdout(said):
        with contextlib.suppress(OSError):  # one of the two is closed
            kept = os.dup(1)
            undo.callback(os.close, kept)
            undo.callback(os.dup2, kept, 1)
            os.dup2(2, 1)
        yield said


def _one_line(error: BaseException) -> str:
    return printable(f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": "), 200)
