"""A worker that behaves as its first argument says; it speaks the process border's language and needs no JAX."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

PYTHON = ".".join(map(str, sys.version_info[:3]))


def send(event: dict) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def answer(**keys: object) -> dict:
    return {"event": "answer", "version": 4, "answer": {"status": "ok", "reason": "", "flags": [], **keys}}


def measured(request: dict) -> dict:
    """A whole answer whose timings are plainly made up."""
    if request["task"] == "micro":
        return found(request) if request.get("step") else called(request)
    n_gen = request["resolved"]["scenario"]["n_gen"]
    sample = {"ttft_ns": 2_000_000, "decode_ns": (n_gen - 1) * 1_000_000, "token_ns": None, "rss_bytes": 10**8}
    return answer(
        resolved={"kernel": "xla", "isa": "avx2", "kv_dtype": "float32"},
        phases_ns={"imports": 1, "load": 1, "compile": 1, "cold_start": 1, "check": 1, "warmup": 1, "measure": 1},
        samples=[sample, sample],
        warmup_samples=[sample],
        memory={"peak_rss_bytes": 10**8, "steady_rss_bytes": 10**8, "weight_bytes": 10, "kv_bytes": 10},
        bytes_per_token=10,
        ghz={"value": None, "source": None},
        versions={"python": PYTHON, "jax": "0", "numpy": "0"},  # and of what the supervisor knows: no other jaxlib
        compilation_cache=str(request.get("cache_dir")),
    )


def called(request: dict, failed: tuple[str, ...] = ()) -> dict:
    """The same of a microbenchmark's points, those of `failed` ops without any."""
    sample = {"call_ns": 2000.0, "loop_ns": 1000.0}
    points = [
        {"point": point, "status": "failed", "reason": "ValueError: no"}
        if point["op"] in failed
        else {"point": point, "samples": [sample, sample], "flops": 1000, "bytes": 100}
        for point in request["resolved"]["scenario"]["points"]
    ]
    kernel = request["resolved"]["kernel"]
    return answer(points=points, resolved={"kernel": kernel, "isa": "avx2", "kv_dtype": "float32"}, notes=request)


def found(request: dict) -> dict:
    """Of a user's functions, in which files they are."""
    return answer(
        prepared={point["op"]: Path("mine.py").read_text() for point in request["resolved"]["scenario"]["points"]}
    )


def disturbed(request: dict) -> dict:
    """The same beside a neighbour who had half of the CPU."""
    from smjax.core.machine.disturbances import COUNTERS  # all other behaviours start four times as fast without

    nothing = dict.fromkeys(COUNTERS)
    before, after = ({**nothing, "monotonic_ns": ms * 10**6, "cpus": [0], "steal_ms": [ms // 2]} for ms in (0, 1000))
    readings = {"before": before, "after": after, "own_cpu_ns": 10**9, "involuntary_switches": 0}
    whole = measured(request)
    whole["answer"]["readings"] = readings
    return whole


def beside_somebody(request: dict) -> dict:
    """The same, timed while somebody unseen computed on the core's other thread."""
    whole = measured(request)
    moments = [[3.6], [3.6], [2.2], [2.2], [2.2]]  # three around the two answers
    whole["answer"] |= {"threads": {"affinity": [0]}, "probes": {"ghz": [], "additions_per_cycle": moments}}
    return whole


def compile_ahead(how: str) -> None:
    """What comes before a measurement goes well, but for the workers that are there to fail at it."""
    if how == "cannot-compile":
        raise ValueError("there is no such instruction")
    send(answer())


def behave(how: str, request: dict) -> None:
    send({"event": "phase", "phase": "load"})
    if how in ("ok", "cannot-compile"):
        send(measured(request))
    elif how == "slow":
        time.sleep(0.05)
        send(measured(request))
    elif how == "one-op-fails":
        send(called(request, failed=("softmax",)))
    elif how == "no-function":
        send(answer(status="failed", reason="op: mine:add: there is none"))
    elif how == "steal":
        send(disturbed(request))
    elif how == "shared":
        send(beside_somebody(request))
    elif how == "echo":
        cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        seen = {"request": request, "environment": dict(os.environ), "affinity": cpus, "session": os.getsid(0)}
        send(answer(evaluation=seen))
    elif how == "large":
        send(answer(evaluation={"numbers": list(range(1_000_000))}))
    elif how == "failed":
        send(answer(status="failed", reason="two\nlines"))
    elif how == "unknown-status":
        send(answer(status="splendid"))
    elif how == "another-version":
        send({**answer(), "version": 99})
    elif how == "wrong-type":
        send(answer(samples=[{"ttft_ns": "soon", "decode_ns": 1}]))
    elif how == "lingers":
        send(answer())
        time.sleep(60)
    elif how == "garbage":
        print('\x00\xff not JSON\n[1, 2]\n[{"event": "answer"}]\n"half a line', end="")
    elif how == "no-result":
        pass
    elif how == "raises":
        raise ValueError("the matrix is not there")
    elif how == "loud":
        sys.stderr.write("noise\n" * 1_000_000 + "the last word\n\n")
        sys.exit(3)
    elif how == "gives-up":
        stack = "    @     0x7f4ebaa40634  absl::SendToLog()\n    @ 0x55d2  (unknown)\n"
        sys.stderr.write(f"F1 env.cc:93] Check failed: no thread\n*** Check failure stack trace: ***\n{stack}")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGABRT)
    elif how == "hangs":
        time.sleep(60)
    else:
        os.kill(os.getpid(), getattr(signal, how))


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, as the real one
    how = sys.argv[1]
    request = json.loads(sys.stdin.readline()) if how != "deaf" else {}
    if request.get("task") == "ahead":
        return compile_ahead(how)
    if request.get("task") == "dram":
        return send(answer())
    is_first = not any(Path(path).exists() for path in sys.argv[2:])
    for path in sys.argv[2:]:
        with Path(path).open("a") as file:
            file.write(f"{os.getpid()}\n")
    if how == "deaf":
        time.sleep(60)
    if how == "first-ok":
        how = "ok" if is_first else "hangs"
    if how == "by-threads":
        how = {1: "ok", 2: "raises"}.get(request["resolved"]["scenario"]["threads"], "hangs")
    return behave(how, request)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
