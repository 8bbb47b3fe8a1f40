"""A function of the user's own as an op: `module:function`, found where Python or the current folder has it."""

from __future__ import annotations

import hashlib
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
    work = function_of(point.op)(sizes, setup.random())
    if not isinstance(work, Work):
        raise RequestError(f"op: {point.op}: expected it to return a Work, found {type(work).__name__}")
    return work


def digest_of_module(op: str) -> str:
    """Of what is in the file that has the function; raises RequestError where there is none."""
    function_of(op)
    module = sys.modules[op.partition(":")[0]]
    path = getattr(module, "__file__", None)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""


def function_of(op: str) -> Callable[..., Any]:
    """The function that is meant by `module:function`; raises RequestError where there is none."""
    module, _, name = op.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last: a file there that is called like a module must not be imported instead of it
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module of the user's raises as it is imported
        found = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise RequestError(f"op: {op}: expected a function that can be imported, found {found}") from error
    if not callable(function):
        raise RequestError(f"op: {op}: expected a function, found {type(function).__name__}")
    return function
