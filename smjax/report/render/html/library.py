"""The library that draws pictures in a browser, as one script that keeps its names to itself.

References: https://github.com/vega/vl-convert, whose bundle it is (Vega, Vega-Lite and Vega-Embed, BSD-3-Clause).
"""

from __future__ import annotations

import functools
import os
from importlib.metadata import version
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.files import read_regular, write_whole

_MOST_BYTES = 1 << 23
_USE = "window.vegaEmbed = vegaEmbed;"
"""What is taken of it."""


@functools.cache
def library() -> str:
    """The script, after which `window.vegaEmbed` draws; it is put together once (0.9 s) and then kept in the cache."""
    import vl_convert

    kept = _folder() / f"vega-{version('vl-convert-python')}.js"
    try:
        return read_regular(kept, _MOST_BYTES).decode("utf-8")
    except (RequestError, UnicodeDecodeError):
        script = f"(() => {{\n{_inert(vl_convert.javascript_bundle(_USE))}\n}})();"
        _keep(kept, script)
        return script


def _inert(script: str) -> str:
    """What would end the element that it stands in, as a string has it otherwise."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _keep(path: Path, script: str) -> None:
    """Where nothing can be kept it is put together every time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, script)
    except (OSError, RequestError):
        return


def _folder() -> Path:
    base = os.environ.get("SMJAX_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    return Path(base or Path.home() / ".cache", "smjax", "pages")
