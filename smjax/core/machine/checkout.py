"""Which commit of its own source smjax runs from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from smjax.core.machine.probe import output_of


def git_state(folder: Path) -> dict[str, Any]:
    """Commit and dirty state of smjax's own source in `folder`; None for both where that is not a tracked checkout.

    A virtual environment inside of somebody's checkout is not smjax's source, so the folder has to be its top.
    """
    git = ["git", "-C", str(folder)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    top = output_of([*git, "rev-parse", "--show-toplevel"], variables)
    tracked = top and output_of([*git, "ls-files", "--error-unmatch", "smjax/__init__.py"], variables)
    if not top or not tracked or Path(top).resolve() != folder.resolve():
        return {"commit": None, "dirty": None}
    commit = output_of([*git, "rev-parse", "--verify", "HEAD"], variables)
    changes = output_of([*git, "--no-optional-locks", "status", "--porcelain"], variables)
    return {"commit": commit or None, "dirty": None if changes is None else bool(changes)}
