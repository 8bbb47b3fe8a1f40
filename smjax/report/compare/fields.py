"""What records say of their processes, flat and by name, and in which of it two sides differ."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from smjax.core.numbers import listed
from smjax.core.records import alike
from smjax.core.records.flags import FLAGS
from smjax.core.records.import_flags import DATE_UNSURE
from smjax.core.records.per_point import OF_ANSWERS
from smjax.core.records.record import Record
from smjax.core.records.scenario import Scenario
from smjax.core.text import printable

Differences = dict[str, tuple[Any, Any]]
"""By name of the field: base's value and new's."""

SCENARIO = ("model", "model_hash", "threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch")
"""What makes two rows the same scenario."""
SHOWN = (*SCENARIO, "engine", "kernel", "isa", "kv_dtype")
"""What is told of every scenario that is compared."""
OF_OPS = (*alike.OP_POINT, "threads", "engine", "kernel", "isa")
"""The same of one that is an op's."""

VERSIONS = ("jaxlib", "smjax", "python version")
"""What is known of every interpreter."""
FILES, LIBRARIES = "smjax's files", "libraries"
"""What their digests are called."""
_CHOSEN = ("kernel", "isa", "kv_dtype")
_ROOMS = ("measure", "engine_args")
"""Fields of a scenario that have fields of their own."""
_CHANGES_BY_ITSELF = ("cpu.mhz", "memory.available_bytes")
_SAID_OTHERWISE = ("host", "machine", "python", "git.commit", "git.dirty")
"""Digests, and what a record says elsewhere too."""
_ONLY_NAMED = (FILES, LIBRARIES, "cpu.simd")
"""Fields whose values are digests or too long to be read."""
_OF_ENGINES = ("engine args",)
"""What tells a row of an engine from others of it, though other engines have none."""
_OURS = "smjax's"
_OF_IMPORTS = {flag.name for flag in FLAGS if flag.set_by == "import" and flag is not DATE_UNSURE}
_VARIABLE = "variables."
_EXPLAIN_FILES = ("smjax", "commit")
"""What says more of other files of smjax than that they are others."""
_UNKNOWN = "\N{EN DASH}"
_FEW = 6
"""Differences that a table tells of each row."""


def asked(record: Record) -> dict[str, Any]:
    """What was asked for, by the names under which a person asks; `measure.handicap` is one."""
    fields = dict(_asked(record.scenario))
    return fields if record.imported is None else _known(fields, record.document["scenario"])


def _known(fields: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Of an import what its file says; how smjax would have measured says nothing of how another tool did."""
    unknown = {"measure", *(name for name, value in said.items() if value is None)}
    told = {name: value for name, value in fields.items() if name in SHOWN or name.partition(".")[0] not in unknown}
    return {name: None if name in unknown else value for name, value in told.items()}


@functools.lru_cache(maxsize=1024)  # a sweep's processes have few scenarios, and each is asked for many times
def _asked(scenario: Scenario) -> Mapping[str, Any]:
    fields = alike.asked(scenario)
    points = fields.pop("points", ())
    if points:  # one, as records are read
        fields = points[0] | {name: value for name, value in fields.items() if name not in OF_ANSWERS}
    inside = {f"{room}.{name}": value for room in _ROOMS for name, value in fields.pop(room).items()}
    return fields | inside | {"label": scenario.label}


def shown_of(record: Record) -> tuple[str, ...]:
    """What is told of its scenario."""
    return OF_OPS if record.scenario.points else SHOWN


def machine_of(record: Record) -> str:
    """Which machine ran it; records that do not say are told apart by the host's fingerprint alone."""
    return record.machine or f"a machine like {record.host or record.environment.cpu.model or 'none that is known'}"


def weights_of(record: Record) -> str | None:
    """What tells a model from others: its content, or the name that an import has for it and no more."""
    return record.model.hash or record.model.name


def jaxlib_of(record: Record) -> str | None:
    """Version, as the worker said it, else as it was installed."""
    return record.versions.get("jaxlib") or record.environment.packages.get("jaxlib")


def described(record: Record) -> dict[str, Any]:
    """All that may explain a difference: what was asked, what was chosen, and what the machine and its software are."""
    chosen = {name: getattr(record.resolved, name) or None for name in _CHOSEN} if record.resolved else {}
    ours = {
        "model": record.model.name or None,
        "model_hash": record.model.hash,
        **chosen,
        "engine args": ", ".join(f"{name}={value}" for name, value in record.scenario.engine_args.items()) or None,
        **_smjax(record),
        "provenance": record.provenance,
        "definitions": _definitions(record),
        "machine": machine_of(record),
    }
    theirs = dict(_leaves(record.imported.settings)) if record.imported else {}
    variants = {f"variants.{name}": value for name, value in record.variants.items()}
    wanted = {name: value for name, value in asked(record).items() if not name.startswith("engine_args.")}
    return theirs | wanted | ours | _variables(record) | dict(_environment(record)) | _packages(record) | variants


def _definitions(record: Record) -> str:
    """Whose they are; of an import the flags that say in what its figures are others."""
    if record.imported is None:
        return _OURS
    return ", ".join(name for name in record.flags if name in _OF_IMPORTS) or _OURS


def software(record: Record) -> set[str]:
    """Names of what may be otherwise with another interpreter or another checkout."""
    return {*_smjax(record), *_packages(record)}


def _smjax(record: Record) -> dict[str, Any]:
    return {
        "jaxlib": jaxlib_of(record),
        "python version": record.versions.get("python"),
        "smjax": record.smjax or None,
        **_checkout(record),
        FILES: record.identity_parts.get(FILES),
        LIBRARIES: record.identity_parts.get(LIBRARIES),
    }


def _checkout(record: Record) -> dict[str, Any]:
    """Of smjax' own source."""
    git = (record.document.get("environment") or {}).get("git")
    known = git if isinstance(git, dict) else {}
    commit, dirty = known.get("commit"), known.get("dirty")
    found = {"commit": commit[:9] if isinstance(commit, str) else None}
    return found | ({} if dirty is None else {"uncommitted changes": "yes" if dirty else "no"})


def _variables(record: Record) -> dict[str, Any]:
    """Of the worker's environment, where a record has any; compiler flags are among them."""
    return {f"{_VARIABLE}{name}": value for name, value in record.variables.items()}


def _packages(record: Record) -> dict[str, Any]:
    """Versions, as the worker's interpreter had them, else as they were installed beside smjax."""
    found: dict[str, Any] = {**record.environment.packages, **record.versions}
    return {name: version for name, version in found.items() if name not in ("smjax", "jaxlib", "python")}


def _environment(record: Record) -> Iterator[tuple[str, Any]]:
    """What the machine is, how its clock is kept, and which of its CPUs were used."""
    for name, value in _leaves(record.document.get("environment") or {}):
        if name not in (*_CHANGES_BY_ITSELF, *_SAID_OTHERWISE) and not name.startswith("packages."):
            yield name, value
    before = (record.document.get("readings") or {}).get("before")
    yield "turbo", before.get("turbo") if isinstance(before, dict) else None
    yield "cpus", " ".join(map(str, record.threads.affinity)) or None
    yield "cores", record.threads.cores


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", tuple(map(str, value)) if isinstance(value, list) else value


def alike_in(records: Sequence[Record]) -> dict[str, Any]:
    """Fields that have one value in all of them."""
    first, *others = map(described, records)
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def differences(base: Sequence[Record], new: Sequence[Record]) -> Differences:
    """What each side says with one voice, and the other otherwise; a variable may be unset on one of them.

    What an import does not know is no difference.
    """
    ours, theirs = _with_unset(alike_in(base), alike_in(new))
    found = {name: (value, theirs[name]) for name, value in ours.items() if name in theirs and theirs[name] != value}
    if any(record.imported for record in (*base, *new)):
        found = {name: both for name, both in found.items() if None not in both}
    if found.keys() & set(_EXPLAIN_FILES):
        found.pop(FILES, None)
    if found.keys() & {"jaxlib", *_packages(base[0]), *_packages(new[0])}:
        found.pop(LIBRARIES, None)
    return found


def as_told(differing: Differences, versions: Collection[str]) -> Differences:
    """An interpreter is called by its `versions`, and by its path only where these are the same."""
    if not differing.keys() & (set(versions) - set(_ONLY_NAMED)):
        return differing
    return {name: values for name, values in differing.items() if name != "python"}


def _with_unset(*sides: dict[str, Any]) -> list[dict[str, Any]]:
    """Where both sides know variables of their processes, all of them on both."""
    variables = [{name for name in side if name.startswith(_VARIABLE)} for side in sides]
    if not all(variables):
        return list(sides)
    unset = dict.fromkeys(sorted(set.union(*variables)))
    return [{**side, **{name: side.get(name) for name in unset}} for side in sides]


def in_words(differing: Differences, most: int | None = None) -> tuple[str, ...]:
    """Each by its name, as "kernel xla → native"; of what nobody can read only that it differs. At `most` so many."""
    named = [_one(name, *pair) for name, pair in differing.items() if name not in _ONLY_NAMED]
    others = [printable(name) for name in differing if name in _ONLY_NAMED]
    told = (*named, *([f"other {listed(others)}"] if others else []))
    more = len(told) - (most or len(told))
    return (*told[:most], f"{more} more (--format json)") if more > 1 else told


def in_short(differing: Differences, names: tuple[str, str] | None = None) -> tuple[str, ...]:
    """As a table tells them; `names`: of two engines, with what is swept over of their settings."""
    told = telling(differing)
    if names is not None and "engine" in told:
        told = {name: names if name == "engine" else both for name, both in told.items() if name not in _OF_ENGINES}
    return in_words(told, _FEW)


def telling(differing: Differences) -> Differences:
    """Of two engines without what each has for itself: other files, and packages and variables that one has not got."""
    if "engine" not in differing:
        return differing
    return {
        name: both
        for name, both in differing.items()
        if name in _OF_ENGINES or (None not in both and name not in (FILES, LIBRARIES))
    }


def _one(name: str, base: Any, new: Any) -> str:
    return f"{printable(name)} {shown(base)} → {shown(new)}"


def shown(value: Any) -> str:
    """A value of a field, as it may be printed: whole, as two paths may differ in their ends alone."""
    if isinstance(value, str) and value == "":
        return '""'
    return _UNKNOWN if value is None else printable(str(value), None)
