"""Run folders that pages tell of, all of one short sweep that measures the same twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.docs.pages import ROOT
from tests.in_process import said

LITTLE = ("measure.replicates=2", "measure.sampling_s=0.1", "measure.budget_s=0", "ctx=64", "n_gen=16")
HERE, THERE = "here", "there"
FILES = {"bench.jsonl": ROOT / "tests" / "imports" / "data" / "llama-bench.jsonl"}
"""Others that pages tell of."""


def measured(folder: Path) -> Path:
    """A sweep over two labels, `a` and `b`, on a machine called `here`."""
    done = said(folder, "run", "-m", "label=a,b", *LITTLE, "hydra.sweep.dir=twice", SMJAX_MACHINE=HERE)
    assert done.returncode == 0, done.stderr
    return folder / "twice"


def give(names: Sequence[str], twice: Path, folder: Path) -> None:
    """Put the folders that are named into `folder`: `twice`, and of its halves one as another machine's."""
    for name in names:
        if name == "twice":
            shutil.copytree(twice, folder / name, dirs_exist_ok=True)
        elif name in (HERE, THERE):
            _half(twice, folder / name / "records", name)
        else:
            shutil.copy(FILES[name], folder / name)


def _half(twice: Path, records: Path, machine: str) -> None:
    """One label's processes, as if they were a run of that machine without a label."""
    records.mkdir(parents=True, exist_ok=True)
    for path in (twice / "records").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        record = json.loads(text)
        if record["scenario"]["label"] == ("a" if machine == HERE else "b"):
            record["scenario"]["label"] = ""
            text = json.dumps(record)
            for old in (record["run"], record["identity"]):
                text = text.replace(old, f"{old[:-5]}{machine}")
            (records / path.name).write_text(text.replace(f'"{HERE}"', f'"{machine}"'), encoding="utf-8")
