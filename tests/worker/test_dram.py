"""The bandwidth of memory: read from more than the caches hold, by a worker that carries no engine."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from smjax.core.machine.caches import last_level_bytes
from smjax.core.machine.topology import pick_cpus
from smjax.core.native_library import library
from smjax.core.records.request import Request
from smjax.core.records.typed import encode
from smjax.sweep.process.local import LocalLauncher
from smjax.worker.bandwidth import LEAST_BYTES, bytes_to_read
from tests.sweep.points import chosen
from tests.worker.models import scenario

MIB = 1 << 20
MEASURABLE = library() is not None and last_level_bytes(pick_cpus(1)) is not None


@pytest.mark.parametrize(
    ("cache_mib", "free_mib", "expected_mib"),
    [
        (32, 10_000, 256),
        (384, 100_000, 1536),
        (384, 4_000, 1000),
        (384, 3_000, None),
        (1, 100, 25),
        (32, 200, None),
        (None, 10_000, None),
    ],
)
def test_much_more_is_read_than_caches_hold_and_nothing_where_there_is_no_room(
    cache_mib: int | None, free_mib: int, expected_mib: int | None
) -> None:
    cache_bytes = None if cache_mib is None else cache_mib * MIB
    expected = None if expected_mib is None else expected_mib * MIB
    assert bytes_to_read(cache_bytes, free_mib * MIB) == expected


@pytest.mark.slow
@pytest.mark.skipif(not MEASURABLE, reason="no native library, or no caches that are told of")
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_worker_measures_it_with_as_many_threads(threads: int) -> None:
    request = Request("dram", chosen(dataclasses.replace(scenario(), threads=threads)))
    outcome = LocalLauncher().run(request, 60)
    assert (outcome.status, outcome.reason) == ("ok", "")
    assert outcome.answer.threads.affinity == sorted(pick_cpus(threads))
    found = outcome.answer.read_bandwidth
    assert found is not None
    assert found.bytes_per_s is not None
    assert 1e8 < found.bytes_per_s < 1e13
    assert (found.working_set_bytes or 0) >= min(LEAST_BYTES, 2 * (last_level_bytes(pick_cpus(threads)) or 0))


def test_it_carries_no_engine() -> None:
    """The task itself, on caches of which nothing is known, so that it is over at once."""
    program = (
        "import json, sys\n"
        "from smjax.worker.__main__ import understand\n"
        "from smjax.worker.tasks import TASKS, Session, dram\n"
        "session = Session(understand(json.loads(sys.argv[1])), print)\n"
        "sys.modules['smjax.worker.tasks.dram'].last_level_bytes = lambda cpus: None\n"
        "TASKS['dram'](session)\n"
        "print(session.answer.read_bandwidth, sorted({'jax', 'jaxlib'} & set(sys.modules)))\n"
    )
    asked = json.dumps(encode(Request("dram", chosen(scenario()))))
    said = subprocess.run([sys.executable, "-P", "-c", program, asked], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["None []"]
