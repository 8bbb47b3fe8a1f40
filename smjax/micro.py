"""Entry point of the microbenchmarks: `python -m smjax.micro -m op=gemm threads=1,2`, which `smjax micro …` is too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # nothing is imported before signals are looked after
    from smjax.sweep.run.outside import Outside


def main(outside: Outside | None = None) -> int:
    """Serve the command line and return the exit code of the contract; `outside` is by default what there is."""
    from smjax.__main__ import main as smjax

    return smjax(["micro", *sys.argv[1:]], outside=outside)


if __name__ == "__main__":
    sys.exit(main())
