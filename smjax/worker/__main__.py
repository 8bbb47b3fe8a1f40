"""One request in, one result out: `python -m smjax.worker`, started by the sweep's launcher and nobody else."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from smjax.core.errors import RequestError
from smjax.worker.process import die_with_parent
from smjax.worker.tasks import Worker


def main() -> int:
    """Answer the request on standard input; 0 if it could be answered, also with a failure."""
    parent = os.getppid()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not end up between the answers
    request = json.loads(sys.stdin.buffer.readline())
    die_with_parent(sys.stdin.buffer, parent)

    def send(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    worker = Worker(request, lambda phase: send({"event": "phase", "phase": phase}))
    try:
        worker.run()
    except Exception as error:
        worker.result["status"], worker.result["reason"] = "failed", _one_line(error)
    send({"event": "result", "result": worker.result})
    # Nothing is left to do, and taking JAX down can take a second.
    answers.close()
    os._exit(0)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, RequestError) else f"{type(error).__name__}: {text}"[:500]


if __name__ == "__main__":
    sys.exit(main())
