"""Every key that a request may set: what it takes, what it means, and its default. Nothing heavy is imported for it."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

from smjax.sweep.request.job import RUN, Job

WHOLE, NUMBER, SWITCH, NAME, TEXT, FILE, GROUP = "whole", "number", "switch", "name", "text", "file", "group"
"""What a key takes: a whole number, a number, true or false, a name, any text, the name of a file, one of a group."""

RUN_DIR = "hydra.run.dir"
_INNER = ("measure.", "report.")
"""Beginnings of keys that are explained behind the group that has them."""
_VALUE, _CHOICE = r"^(\w+): (\S+)$", r"^  - (\w+): (\S+)$"
SPELLINGS = {"hydra.sweep.dir": RUN_DIR}
"""Keys that are one and the same."""


@dataclass(frozen=True)
class Key:
    """One key of a request."""

    name: str
    kind: str
    meaning: str
    is_optional: bool = False
    """Whether it may be `null`."""
    names: tuple[str, ...] = ()
    """Of a NAME, those that are known here; others may be known elsewhere. Of a GROUP, all."""
    default: str = ""
    is_swept: bool = False
    """Of a TEXT, whether a sweep may have several; others are of the whole sweep."""


def keys(job: Job = RUN, own: Path | None = None) -> dict[str, Key]:
    """A job's by name, in the order in which they are explained, with the groups of a folder of one's `own`."""
    groups = {name: _group(job, name, meaning, own) for name, meaning in job.groups.items()}
    fields = list(_fields(job, job.config))
    inner = [key for key in fields if key.name.startswith(_INNER)]
    found = [
        *([groups["model"]] if "model" in groups else []),
        *(key for key in fields if key not in inner),
        *(groups["measure"], *inner, groups["experiment"]),
        Key(RUN_DIR, TEXT, "where the files go; a folder that is there goes on", default="a new one in outputs/"),
        Key("hydra.mode", NAME, "MULTIRUN is what -m asks for", names=("RUN", "MULTIRUN"), default="RUN"),
    ]
    return {key.name: key for key in found}


def _group(job: Job, name: str, meaning: str, own: Path | None) -> Key:
    folders = [folder / name for folder in (job.config_dir, own) if folder is not None]
    options = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    default = _defaults(job.config_dir)[name]
    return Key(name, GROUP, meaning, default == "null", tuple(options), default)


def _fields(job: Job, config: type, prefix: str = "") -> Iterator[Key]:
    hints, defaults = get_type_hints(config), _defaults(job.config_dir)
    for one in dataclasses.fields(config):
        name, hint, traits = prefix + one.name, hints[one.name], one.metadata
        if dataclasses.is_dataclass(hint):
            yield from _fields(job, cast(type, hint), f"{name}.")
        elif traits:
            is_optional, names = type(None) in get_args(hint), tuple(traits.get("names", ()))
            kind, default, is_swept = _kind(hint, traits), defaults.get(name, "null"), "swept" in traits
            yield Key(name, kind, traits["meaning"], is_optional, names, default, is_swept)


def _kind(hint: Any, traits: Mapping[str, Any]) -> str:
    for trait, kind in (("files", FILE), ("literal", TEXT), ("names", NAME)):
        if trait in traits:
            return kind
    return SWITCH if hint is bool else WHOLE if int in (hint, *get_args(hint)) else NUMBER


@functools.cache
def _defaults(config_dir: Path) -> dict[str, str]:
    """From the YAML files, which hold one value a line: no parser is imported for them."""
    whole = (config_dir / "config.yaml").read_text()
    measure = (config_dir / "measure" / "default.yaml").read_text()
    groups, values = (re.findall(line, whole, re.M) for line in (_CHOICE, _VALUE))
    return dict(groups + values) | {f"measure.{name}": value for name, value in re.findall(_VALUE, measure, re.M)}
