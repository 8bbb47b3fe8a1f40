"""Pictures as files of their own, drawn without a browser, for papers and READMEs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.files import replacing
from smjax.report.plots import theme
from smjax.report.plots.plot import Kind, Plot

WIDTH_PX = 640
_SCALE = 2
"""Pixels of a PNG for each of the picture."""
_TITLE_CHARACTERS = 80
_DRAWN = re.compile("[\u0000-\u052f\u1e00-\u23ff]*")
"""Latin, Greek and Cyrillic letters, punctuation, arrows and signs of arithmetic."""


def write(plots: Sequence[Plot], folder: Path, kind: Kind, scheme: theme.Scheme = "light") -> list[Path]:
    """A file for each picture, `NAME.svg` or `NAME.png`; raises RequestError where one cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"{folder}: expected a folder for pictures, {error.strerror}; name another") from None
    return [write_one(plot, folder / f"{plot.name}.{kind}", kind, scheme) for plot in plots]


def write_one(plot: Plot, path: Path, kind: Kind, scheme: theme.Scheme = "light") -> Path:
    """The picture as that file."""
    content = drawn(plot, kind, scheme)
    with replacing(path, plot.name) as new:
        new.write_bytes(content)
    return path


def drawn(plot: Plot, kind: Kind, scheme: theme.Scheme = "light", width_px: int = WIDTH_PX) -> bytes:
    """The picture as such a file holds it, with its title and a background."""
    import vl_convert

    config = theme.config(scheme) | {"background": theme.COLOURS[scheme].background}
    spec = _standing_alone(plot, width_px)
    if kind == "png":
        return vl_convert.vegalite_to_png(spec, config=config, scale=_SCALE)
    return vl_convert.vegalite_to_svg(spec, config=config).encode()


def _standing_alone(plot: Plot, width_px: int) -> dict[str, Any]:
    title = textwrap.wrap(plot.title, _TITLE_CHARACTERS * width_px // WIDTH_PX)
    found = {**plot.spec, "title": title, "padding": 12}
    if plot.spec.get("width") == "container":
        found |= {"width": width_px, "autosize": {"type": "fit-x", "contains": "padding"}}
    shown: dict[str, Any] = _shown(found)
    return shown


def _shown(value: Any) -> Any:
    """The same with an escape for each character that no font at hand is sure to have: it would be left out."""
    if isinstance(value, str):
        return value if _DRAWN.fullmatch(value) else "".join(c if _DRAWN.fullmatch(c) else _escape(c) for c in value)
    if isinstance(value, Mapping):
        return {name: _shown(one) for name, one in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list) else value


def _escape(character: str) -> str:
    return f"\\u{ord(character):04x}"
