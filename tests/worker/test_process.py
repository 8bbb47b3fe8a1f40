"""What the worker does to its own process."""

from __future__ import annotations

import subprocess
import sys

import pytest

_GIVES_BACK = """
import jax, numpy as np
from pathlib import Path
from smjax.core.machine.probe import fields
from smjax.worker.process import give_back_code

def file_kb():
    return int(fields(Path("/proc/self/status").read_text().splitlines())["RssFile"].split()[0])

before = file_kb()
give_back_code("/no_such_library.so")
unchanged = file_kb()
give_back_code("/libjax_common.so")
after = file_kb()
answer = float(jax.jit(lambda x: (x * 2).sum())(np.arange(4.0)))
print(before, unchanged, after, answer)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self")
def test_code_is_given_back_and_still_runs() -> None:
    done = subprocess.run([sys.executable, "-c", _GIVES_BACK], capture_output=True, text=True, check=True, timeout=120)
    before, unchanged, after, answer = (float(value) for value in done.stdout.split())
    assert unchanged >= before - 1000
    assert after < before - 20_000, "JAX's library has more than 20 MB of code that only start-up touches"
    assert answer == 12.0
