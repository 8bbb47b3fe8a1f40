from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.__main__ import main


@pytest.fixture
def ask(empty_dir: Path) -> Callable[..., int]:
    """`smjax eval` of these ids with these further options."""

    def asked(ids: object, *options: str, model: str = "tinystories-1m", n_gen: int = 2) -> int:
        text = ids if isinstance(ids, str) else json.dumps(ids)
        (empty_dir / "ids.json").write_text(text)
        return main(["eval", "--model", model, "--ids-file", "ids.json", "--n-gen", str(n_gen), *options])

    return asked
