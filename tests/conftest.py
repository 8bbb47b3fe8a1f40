from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where all tests and the processes that they start keep compiled programs: never in the user's own cache.

    Nor do they wait for a sweep of the user's.
    """
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMJAX_CACHE_DIR", str(folder))
        patch.setenv("SMJAX_LOCK", str(folder / "lock"))
        yield folder
