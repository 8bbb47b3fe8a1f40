"""What is meant by the name of an op: one of smjax's, or a function of the user's own."""

from __future__ import annotations

import re

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.ops import OPS
from smjax.core.ops.spec import OpSpec
from smjax.core.text import printable

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def op_spec(name: str) -> OpSpec:
    """The op called so; raises RequestError, in one line, where there can be none."""
    if name in OPS:
        return OPS[name]
    if is_users_own(name):
        return OpSpec(name, "a user's own", sizes=None, shapes=("",), needed_bytes=lambda shape: 0, kernels=("xla",))
    meant = nearest(name, OPS)
    fix = f"write op={meant}" if meant else "smjax micro --ops lists them"
    raise RequestError(f"op: expected an op's name or module:function, found {printable(name) or 'nothing'}; {fix}")


def is_users_own(name: str) -> bool:
    """Whether it is `module:function`."""
    return _FUNCTION.fullmatch(name) is not None
