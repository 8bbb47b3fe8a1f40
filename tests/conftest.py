from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

from tests.leftovers import adopt_orphans, no_file_left, nothing_left
from tests.surroundings import settle

LONG = (
    *("native/test_driver.py", "worker/kernels", "worker/model", "worker", "native", "sweep", "core/records"),
    *("test_wheel.py", "test_outputs.py", "test_bad_input.py", "experiments", "docs/test_run.py"),
)
"""Files, and folders of them, that take long."""
SHAPED = ("smjax.worker.kernels", "smjax.worker.model", "smjax.worker.engines.smjax.programs")


@pytest.hookimpl(trylast=True)  # pytest's own output is the caller's affair
def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported, as some look about when they are."""
    home = tempfile.TemporaryDirectory(prefix="smjax-home-")
    config.add_cleanup(home.cleanup)
    settle(Path(home.name))
    adopt_orphans()
    # What is annotated with shapes is checked wherever a test calls it; in a worker's own process nothing is.
    config.add_cleanup(install_import_hook(SHAPED, "beartype.beartype").uninstall)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, so that no process is left alone with one of them at the end."""
    long = [Path(__file__).parent / one for one in LONG]
    items.sort(key=lambda item: next((i for i, one in enumerate(long) if item.path.is_relative_to(one)), len(long)))


def pytest_collection_finish() -> None:
    """What was imported stays: the collections that every compilation asks for need not go through it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _away_from_the_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test finds a file because of where it was called."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("nowhere"))
        yield


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


@pytest.fixture(scope="module", autouse=True)
def _leaves_the_checkout_alone() -> Iterator[None]:
    with no_file_left():
        yield


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    with nothing_left():
        yield
