"""What each job measures; another kind is one more line."""

from __future__ import annotations

from collections.abc import Mapping

from smjax.sweep.request.config import JobConfig
from smjax.sweep.request.job import Composable
from smjax.sweep.request.micro_config import MicroConfig
from smjax.sweep.request.points import scenarios_of_ops
from smjax.sweep.request.scenario import scenario_of
from smjax.sweep.subject.answers import subjects_of_answers
from smjax.sweep.subject.interface import Kind
from smjax.sweep.subject.points import subjects_of_points

KINDS: Mapping[type[Composable], Kind] = {
    JobConfig: Kind(lambda points: [scenario_of(point) for point in points], subjects_of_answers),
    MicroConfig: Kind(scenarios_of_ops, subjects_of_points),
}
"""By the type of a job's composed points."""
