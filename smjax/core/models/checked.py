"""Typed look-ups in a GGUF file's metadata, for one architecture; every error names the file, the key and the fix."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from smjax.core.errors import RequestError
from smjax.core.gguf.header import GGUFFile
from smjax.core.gguf.split import SplitFile
from smjax.core.text import printable

LARGEST = 2**31
CONVERT = "convert the model again"


class Checked:
    """Keys are named without the architecture before them, or from `general.` on."""

    def __init__(self, file: GGUFFile | SplitFile, architecture: str = "") -> None:
        self.file = file
        self.prefix = f"{architecture}." if architecture else ""

    def fail(self, where: str, expected: str, found: object, fix: str = CONVERT) -> NoReturn:
        """`where` is a tensor, or a key in full."""
        path = printable(str(self.file.home(where)), 500)
        raise RequestError(f"{path}: {where}: expected {expected}, found {printable(str(found), 60)}; {fix}")

    def fail_at(self, key: str, expected: str, found: object, fix: str = CONVERT) -> NoReturn:
        self.fail(self.prefix + key, expected, found, fix)

    def value(self, key: str, default: Any = None) -> Any:
        return self.file.metadata.get(self.prefix + key, default)

    def has(self, key: str) -> bool:
        return self.prefix + key in self.file.metadata

    def first_of(self, *keys: str) -> str:
        """The first of `keys` that is there; none, the first."""
        return next((key for key in keys if self.has(key)), keys[0])

    def text(self, key: str, default: str | None = None) -> str:
        value = self.value(key, default)
        if not isinstance(value, str):
            self.fail_at(key, "a text", kind(value))
        return value

    def integer(self, key: str, default: int | None = None, least: int = 1) -> int:
        value = self.value(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < LARGEST:
            self.fail_at(key, f"an integer from {least} to 2^31", kind(value))
        return value

    def real(self, key: str, default: float | None = None, *, may_be_zero: bool = False) -> float:
        value = self.value(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (0 < value < LARGEST or (may_be_zero and value == 0)):
            self.fail_at(key, "a number of at least 0" if may_be_zero else "a number above 0", kind(value))
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.value(key, default)
        if not isinstance(value, bool):
            self.fail_at(key, "true or false", kind(value))
        return value

    def count(self, key: str, n_layers: int, default: int | None = None) -> int:
        """A number of all layers, which a file may name for each: they have to be alike."""
        values = self.value(key)
        if not isinstance(values, np.ndarray):
            return self.integer(key, default)
        if values.shape != (n_layers,) or values.dtype.kind not in "iu":
            self.fail_at(key, f"a whole number, or {n_layers} of them", f"an array of {len(values)} {values.dtype}")
        if not values.min() >= 1 or values.max() >= LARGEST:
            self.fail_at(key, "numbers from 1 to 2^31", f"{values.min()} to {values.max()}")
        if values.min() != values.max():
            found = f"{values.min()} to {values.max()}"
            self.fail_at(key, "the same of every layer", found, "use a model whose layers are alike")
        return int(values[0])


def kind(value: Any) -> str:
    """A metadata value as an error names it."""
    if value is None:
        return "nothing"
    return repr(value) if isinstance(value, str | int | float) else "an array"
