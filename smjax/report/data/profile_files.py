"""Profiles that lie in a run folder, beside its records: each a file `profile-….json`, whole or not there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.files import read_regular, write_whole
from smjax.core.records.document import digest, slug
from smjax.core.records.typed import WrongValueError, decode, encode
from smjax.core.text import printable
from smjax.report.data.profile_document import ToldProfile

_BYTES_MAX = 1 << 24
"""Many times what one of a hundred layers takes."""


def write_profiles(folder: Path, profiles: Sequence[ToldProfile]) -> list[Path]:
    """A file for each, named by what it is of; the one of the same thing before goes.

    Raises RequestError where one cannot be written.
    """
    return [write_whole(folder / _name(one), json.dumps(encode(one), indent=1) + "\n") for one in profiles]


def profiles_in(folders: Sequence[Path]) -> tuple[list[ToldProfile], list[str]]:
    """All of these folders, in the order of their names; and a line for each file that holds none."""
    found, refused = list[ToldProfile](), list[str]()
    for path in (path for folder in folders for path in sorted(folder.glob("profile-*.json"))):
        try:
            found.append(_read(path))
        except RequestError as error:
            refused.append(str(error))
    return found, refused


def _read(path: Path) -> ToldProfile:
    content = read_regular(path, _BYTES_MAX, "a profile that smjax profile --out wrote")
    try:
        return decode(ToldProfile, json.loads(content))
    except (ValueError, RecursionError) as error:
        reason = printable(" ".join(str(error).split()), 150)
        where = reason if isinstance(error, WrongValueError) else f"expected a profile, found {reason}"
        raise RequestError(f"{printable(str(path), 500)}: {where}; profile again, or move it elsewhere") from error


def _name(one: ToldProfile) -> str:
    """Another one for any two models, kernels, sizes or machines."""
    told = (one.model, one.kernel, one.isa, one.kv_dtype, one.threads, one.ctx, one.n_gen, one.seed, one.machine)
    return f"profile-{slug(one.model)}-t{one.threads}-c{one.ctx}-{slug(one.kernel)}-{digest(told)[:8]}.json"
