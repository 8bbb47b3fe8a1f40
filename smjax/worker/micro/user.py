"""A function of the user's own as an op: `module:function`, found where Python or the current folder has it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.ops import OpSpec, parse_shape
from smjax.core.records.point import Point
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work


def users_work(point: Point, setup: MicroSetup) -> Work:
    """What the function makes of the shape's sizes; raises RequestError where there is none, or it makes no work."""
    spec = OpSpec(point.op, "a user's own", sizes=None, shapes=(), needed_bytes=lambda shape: 0)
    sizes = parse_shape(spec, point.shape).sizes
    work = _function(point.op)(sizes, setup.random())
    if not isinstance(work, Work):
        raise RequestError(f"op: {point.op}: expected it to return a Work, found {type(work).__name__}")
    return work


def _function(op: str) -> Callable[..., Any]:
    module, _, name = op.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last: a file there that is called like a module must not be imported instead of it
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        found = " ".join(str(error).split())
        raise RequestError(f"op: expected an op's name or module:function, found {op} ({found})") from error
    if not callable(function):
        raise RequestError(f"op: {op}: expected a function, found {type(function).__name__}")
    return function
