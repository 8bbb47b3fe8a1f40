"""Overrides as they were typed: each a known key, once, with a value; whatever else is refused with what to write."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.engines import complaints
from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.sweep.request.job import Job
from smjax.sweep.request.keys import GROUP, RUN_DIR, SPELLINGS, Key


@dataclass(frozen=True)
class Override:
    """`KEY=VALUE`, the value as it stands."""

    key: Key
    value: str

    @property
    def text(self) -> str:
        return f"{self.key.name}={self.value}"


def parse(texts: Sequence[str], known: Mapping[str, Key], job: Job) -> list[Override]:
    """The overrides of a job; raises RequestError for the first that is none, names no key, or repeats one."""
    found: dict[str, str] = {}
    overrides = []
    for text in texts:
        override = _parse(text, known, job)
        name = override.key.name
        if name in found:
            raise RequestError(f"{name}: expected once, found {found[name]} and {text}; leave one out")
        found[name] = text
        overrides.append(override)
    return overrides


def names_file(value: str) -> bool:
    """Whether a value is meant as a file: by its ending, or because there is one."""
    try:
        return value.lower().endswith(".gguf") or (Path(value).exists() and not Path(value).is_dir())
    except (OSError, ValueError):  # too long a name, or a zero in it
        return False


def write(text: str, *, sweep: bool = False) -> str:
    """What is to be typed in a shell."""
    return f"write {'-m ' if sweep else ''}{shlex.quote(text)}"


def _parse(text: str, known: Mapping[str, Key], job: Job) -> Override:
    sign, rest = re.fullmatch(r"(\+\+|\+|~)?(.*)", text, re.DOTALL).groups("")  # type: ignore[union-attr]
    name, equals, value = rest.partition("=")
    name = SPELLINGS.get(name.strip(), name.strip())
    if name not in known:
        raise RequestError(_unknown(text, name, value, known, job))
    if sign == "~":
        raise RequestError(f"{text}: expected KEY=VALUE, found a {sign}; no key can be taken away, leave it out")
    if not equals:
        raise RequestError(f"{text}: expected KEY=VALUE, found no value; {write(f'{name}={_example(known[name])}')}")
    if sign == "+":  # `++KEY=` is how Hydra writes `KEY=` of whoever does not know whether there is a KEY
        raise RequestError(f"{text}: expected KEY=VALUE, found a {sign}; {write(f'{name}={value}')}")
    return Override(known[name], value)


def _unknown(text: str, name: str, value: str, known: Mapping[str, Key], job: Job) -> str:
    if "model" in known and names_file(text):
        return f"{text}: expected KEY=VALUE, found a file; {write(f'model={text}')}"
    if name.startswith("hydra"):
        return f"{text}: expected {RUN_DIR}=DIR, the one key of Hydra's that is of use here, found {name}"
    if name.startswith("engine_args.") and (left_out := complaints()):
        return f"{text}: expected a setting of an engine that is here, found {name}; {'; '.join(left_out.values())}"
    if name == "model.name" and "model" in known:
        return f"{text}: expected model=NAME, found the name inside; {write(f'model={value}')}"
    if "=" not in text:
        for group in (key for key in known.values() if key.kind == GROUP):
            meant = nearest(name, group.names)
            if meant is not None:
                return f"{text}: expected KEY=VALUE, found a value; {write(f'{group.name}={meant}')}"
    meant = meant_key(name.partition("@")[0], known)
    if meant is None:
        fix = f"smjax {job.command} --help lists them"
        return f"{text}: expected KEY=VALUE with a known key, found {name or 'no key'}; {fix}"
    return f"{text}: expected a known key, found {name}; {write(f'{meant}={value or _example(known[meant])}')}"


def meant_key(name: str, known: Mapping[str, Key]) -> str | None:
    """The key that a name may mean; `replicates` means `measure.replicates`."""
    short = {key.rpartition(".")[2]: key for key in known if not key.startswith("hydra.")}
    room, dot, last = name.rpartition(".")
    beside = {key.removeprefix(f"{room}."): key for key in known if key.startswith(f"{room}.")} if dot else {}
    if beside:
        names, name = beside, last
    else:
        names = short | {key: key for key in known}
    meant = nearest(name, names)
    return meant and names[meant]


def _example(key: Key) -> str:
    return key.default if key.default not in ("null", "''") and " " not in key.default else "VALUE"
