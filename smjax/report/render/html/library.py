"""The library that draws pictures in a browser, as one script that keeps its names to itself.

References: https://github.com/vega/vl-convert, whose bundle it is (Vega, Vega-Lite and Vega-Embed, BSD-3-Clause).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.files import read_regular, write_whole
from smjax.core.text import printable

_MOST_BYTES = 1 << 23
_MAKE = """
import sys, vl_convert
sys.stdout.buffer.write(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode())
"""
_PATIENCE_S = 120


@functools.cache
def library() -> str:
    """The script, after which `window.vegaEmbed` draws. It is put together once, in a second, and kept in the cache.

    Raises RequestError where that fails.
    """
    kept = _kept()
    if kept is not None and kept.exists() and (found := _whole(kept)) is not None:
        return found
    script = f"(() => {{\n{_inert(_made())}\n}})();"
    if kept is not None:
        _keep(kept, script)
    return script


def _made() -> str:
    """In a process of its own: a JavaScript engine does it, which takes 100 MB, and where it fails all with it."""
    try:
        command = [sys.executable, "-P", "-c", _MAKE]
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=True)
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise _failed(f"exit code {error.returncode} ({printable(last) or 'nothing was said'})") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise _failed(printable(str(error))) from error
    return done.stdout.decode("utf-8")


def _failed(found: str) -> RequestError:
    return RequestError(f"pictures: expected their library from vl-convert, found {found}; free memory for it")


def _inert(script: str) -> str:
    """What would end the element that it stands in, as a string has it otherwise."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _whole(path: Path) -> str | None:
    """What is kept there; None where it is not what was once written, and so to be made anew."""
    try:
        seal, _, script = read_regular(path, _MOST_BYTES).decode("utf-8").partition("\n")
    except (RequestError, UnicodeDecodeError):
        return None
    return script if seal == _seal(script) else None


def _seal(script: str) -> str:
    """The first line of its file."""
    return f"// {hashlib.sha256(script.encode('utf-8')).hexdigest()}"


def _keep(path: Path, script: str) -> None:
    """Where nothing can be kept it is put together every time."""
    with contextlib.suppress(OSError, RequestError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{_seal(script)}\n{script}")


def _kept() -> Path | None:
    """By its version; None where there is no folder for it."""
    try:
        base = os.environ.get("SMJAX_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return Path(base, "smjax", "pages", f"vega-{version('vl-convert-python')}.js")
