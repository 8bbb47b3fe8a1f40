"""Hydra entry point of the main job: `python -m smjax.run -m threads=1,4 ctx=256,1024`."""

from __future__ import annotations

import contextlib
import sys

from smjax.core.errors import RequestError
from smjax.sweep.compose import compose
from smjax.sweep.execute import INTERRUPTED, OK, execute
from smjax.sweep.prepare import Sweep, prepare

WRONG_REQUEST = 2


def main() -> int:
    """Serve the command line and return the exit code of the contract."""
    with contextlib.ExitStack() as held:
        try:
            sweep = _accepted(held)
        except RequestError as error:
            _say(str(error))
            return WRONG_REQUEST
        except KeyboardInterrupt:
            _say("interrupted; nothing was measured")
            return INTERRUPTED
        return OK if sweep is None else execute(sweep)


def _accepted(held: contextlib.ExitStack) -> Sweep | None:
    """The sweep that was asked for, or None where Hydra was only asked for information."""
    composed = compose()
    if composed is None:
        return None
    try:
        return prepare(composed, held, _say)
    except BaseException:
        composed.folder.undo()
        raise


def _say(text: str) -> None:
    print(f"smjax: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
