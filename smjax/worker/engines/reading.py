"""What one step of an engine that has read a model's file reads of it, and how fast its CPUs read as much."""

from __future__ import annotations

from smjax.core.machine.topology import available_bytes
from smjax.core.models.source import Model, weight_bytes
from smjax.core.records.request import Request
from smjax.worker.bandwidth import READ_SECONDS, read_new_memory


def weights_read(model: Model) -> int:
    """Bytes of the weights as they are stored: all, but of what is only looked up one row."""
    looked_up = {"position_embd.weight"} if model.config.tied else {"position_embd.weight", "token_embd.weight"}
    infos = [info for name, info in model.tensors.items() if name in looked_up]
    return weight_bytes(model) - sum(info.n_bytes - info.n_bytes // info.shape[0] for info in infos)


def read_as_much(n_bytes: int, request: Request) -> float | None:
    """Bytes a second at which the request's threads read `n_bytes` made for it; None where there is no room."""
    if available_bytes() < 2 * n_bytes:  # the model stays: without room the system may end the process for it
        return None
    return read_new_memory(n_bytes, tuple(request.cpus), request.resolved.scenario.threads, READ_SECONDS)
