"""Overrides as they were typed become overrides in Hydra's grammar; files that stand for models become options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.sweep.request import values
from smjax.sweep.request.job import RUN, Job
from smjax.sweep.request.keys import FILE, RUN_DIR, TEXT, keys
from smjax.sweep.request.literal import exists, file_names, joined, texts, unquoted
from smjax.sweep.request.overrides import Override, names_file, parse, write

_FUNCTION = re.compile(r"\s*(glob|sort|shuffle|tag)\(.*\)\s*", re.DOTALL)
"""Of Hydra's grammar, those that choose among names."""


class Rewritten:
    """A request in Hydra's grammar."""

    def __init__(self, texts: Sequence[str], is_sweep: bool, job: Job = RUN, own: Path | None = None) -> None:
        """With the groups of a folder of one's `own`; raises RequestError for the first that is wrong by itself."""
        found = parse(texts, keys(job, own), job)
        self.is_sweep = is_sweep or any(one.text == "hydra.mode=MULTIRUN" for one in found)
        self.models: list[str] = []
        """Files that stand for a model: the option `gguf-1` is the first of them."""
        self.overrides = [self._rewritten(one) for one in found]
        if self.models and any(one.key.name == "model.path" for one in found):
            raise RequestError("model.path: expected once, found it in model=FILE.gguf too; leave one out")

    def _rewritten(self, one: Override) -> str:
        name, value = one.key.name, one.value
        if name == "model":
            return f"model={self._models(one)}"
        if one.key.kind not in (TEXT, FILE):
            values.check(one)
            return one.text
        if unquoted(value) == "" and name != "label":
            raise RequestError(f"{name}: expected a value, found nothing; leave it out for its default")
        is_null = value.lower() == "null" and one.key.is_optional and not exists(value)
        if is_null or (name == RUN_DIR and "${" in value):  # `${now:%H}` is how Hydra's users name folders
            return one.text
        if one.key.kind == TEXT:
            return f"{name}={joined(texts(value, self.is_sweep and one.key.is_swept))}"
        return f"{name}={joined(self._files(one))}"

    def _models(self, one: Override) -> str:
        presets, value = one.key.names, one.value
        if value in presets or (self.is_sweep and not exists(value) and _FUNCTION.fullmatch(value)):
            return value
        return ",".join(name if name in presets else self._option(name, one) for name in self._files(one))

    def _files(self, one: Override) -> list[str]:
        """The names in a value; several where nobody asked for a sweep are refused."""
        presets, found = one.key.names, file_names(one.value, self.is_sweep, one.key.names)
        several = file_names(one.value, True, presets)
        are_meant = all(name in presets or names_file(name) for name in several)
        if len(found) < len(several) and are_meant and not exists(one.value):
            fix = write(one.text, sweep=True)
            raise RequestError(f"{one.key.name}: expected one, found {len(several)}; to sweep over them {fix}")
        return found

    def _option(self, name: str, one: Override) -> str:
        if not names_file(name):
            meant = nearest(name, one.key.names)
            fix = f"; {write(f'model={meant}')}" if meant else ""
            expected = f"one of {', '.join(one.key.names)}, or a GGUF file"
            raise RequestError(f"model: expected {expected}, found {name or 'nothing'}{fix}")
        self.models.append(name)
        return option(len(self.models))


def option(number: int) -> str:
    """What the group `model` calls a file."""
    return f"gguf-{number}"
