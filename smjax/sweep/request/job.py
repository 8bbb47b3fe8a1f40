"""The jobs that Hydra composes: what each may be asked, and where its values are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smjax.sweep.request.config import JobConfig
from smjax.sweep.request.micro_config import MicroConfig

_PACKAGE = Path(__file__).resolve().parents[2]

Composable = JobConfig | MicroConfig


@dataclass(frozen=True)
class Job:
    """One command that takes overrides."""

    command: str
    """`smjax COMMAND`, and `python -m smjax.COMMAND`."""
    config: type[Composable]
    groups: Mapping[str, str]
    """Of the groups of its YAML files, what they are."""
    examples: Mapping[str, str]
    """Command lines, and what they do."""
    room: str = ""
    """Below `conf/`, where its YAML files are."""

    @property
    def config_dir(self) -> Path:
        """Where the YAML files are: beside the package in a checkout, inside it where it was installed."""
        inside = _PACKAGE / "conf"
        return (inside if inside.is_dir() else _PACKAGE.parent / "conf") / self.room


RUN = Job(
    command="run",
    config=JobConfig,
    groups={
        "model": "a GGUF file as model=FILE.gguf, or a preset: a model's shapes, seeded weights",
        "measure": "how long and how often: 8 processes and more, 1, or 12 and more",
        "experiment": "a study, with a sweep of its own",
    },
    examples={
        "smjax run -m threads=1,4 ctx=256,1024": "a sweep, and the table of it",
        "smjax run model=FILE.gguf threads=2": "a model of your own",
        "smjax run experiment=smoke": "what CI runs, under a minute",
    },
)
MICRO = Job(
    command="micro",
    config=MicroConfig,
    groups={
        "measure": "how long and how often: 5 processes and more, 1, or 8 and more",
        "experiment": "a study, with settings of its own",
    },
    examples={
        "smjax micro op=gemm shape=s8:64x768x768": "one product",
        "smjax micro -m op=unpack,rope threads=1,2": "a sweep, and the table of it",
        "smjax micro op=my_module:my_function": "a function of your own",
        "smjax micro experiment=roofline": "every op, beside its limits",
    },
    room="micro",
)
