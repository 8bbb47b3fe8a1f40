"""Presets as files: each made once, and again where it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from smjax.core.models import export
from smjax.core.models.presets import PRESETS, PresetModel
from tests.small_llama import write_llama


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were made, in a moment each."""
    found: list[Path] = []

    def write(model: object, path: Path) -> None:
        found.append(path)
        write_llama(path)

    monkeypatch.setattr(export, "export_model", write)
    return found


def test_a_file_is_made_once_for_each_seed(written: list[Path], tmp_path: Path) -> None:
    ours, other = (PresetModel("stories-15m", PRESETS["stories-15m"], seed) for seed in (42, 43))
    path = export.exported(ours, tmp_path)
    assert export.exported(ours, tmp_path) == path
    assert export.exported(other, tmp_path) != path
    assert written == sorted(tmp_path.iterdir(), key=written.index)
    assert len(written) == 2
    path.unlink()
    assert export.exported(ours, tmp_path).exists()
    assert written.count(path) == 2


def test_another_recipe_is_another_file(written: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = PresetModel("stories-15m", PRESETS["stories-15m"], 42)
    path = export.exported(model, tmp_path)
    monkeypatch.setattr(export, "RECIPE", export.RECIPE + 1)
    assert export.exported(model, tmp_path) != path
