"""What the pages that a browser opens are of: sweeps with all that a report can meet, and names that try to be code."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.report.factory import failed, placed, record, sample
from tests.report.op_factory import answer, process

Records = list[dict[str, Any]]
GIB = 2**30
SYSTEM = {
    "os": {"name": "Debian GNU/Linux 12", "kernel": "6.12"},
    "memory": {"total_bytes": 32 * GIB},
    "python": "3.11",
}
EPYC = SYSTEM | {
    "cpu": {
        "model": "AMD EPYC 9R14",
        "arch": "x86_64",
        "vendor": "AuthenticAMD",
        "family": 25,
        "model_id": 17,
        "physical_cores": 4,
        "logical_cores": 8,
        "usable_cores": 8,
        "hypervisor": "KVM",
        "mhz": 2600.0,
        "caches": {"L1d": 32768, "L2": 2**20, "L3": 2**25},
        "simd": ["avx2", "avx512f", "avx512_vnni"],
    }
}
GRAVITON = SYSTEM | {
    "cpu": {
        "model": "Neoverse-V2",
        "arch": "arm64",
        "vendor": "ARM",
        "family": 8,
        "physical_cores": 4,
        "logical_cores": 4,
        "usable_cores": 4,
        "caches": {"L2": 2**21, "L3": 2**25},
        "simd": ["asimd", "i8mm"],
    }
}
NASTY = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "[name](javascript:document.title='owned')",
    "</script><script>document.title='owned'</script>",
    "a\u202egpj\u2066\u200b\x1b[31m\u2028b",
    "datum.y; signal('width') ${x} {{x}} \"]]>-->'",
    "https://example.invalid/x.png",
    '=HYPERLINK("https://example.invalid")',
    "x" * 1_000_000,
)
"""Names from models, hosts and records."""


def sweep() -> Records:
    """Two models, kernels, threads and contexts on one machine, another machine, other tools', and what went wrong."""
    found = [*_grid(), *_other_machine(), *_odd(), *_foreign()]
    return [*found, *_ops()]


def hostile() -> Records:
    """Every text that a report shows is one of NASTY somewhere."""
    found: Records = []
    for number, text in enumerate(NASTY):
        cpu = EPYC["cpu"] | {"model": text, "vendor": text}
        machine = SYSTEM | {"cpu": cpu, "os": {"name": text}}
        for ctx in (256, 512):
            for block in range(2):
                one = record(
                    _samples(random.Random(number), 900 + 50 * number),
                    model=text,
                    model_hash=f"sha256:{number}",
                    ctx=ctx,
                    **_answering(ctx),
                    machine=machine,
                    label=text,
                    flags=[text],
                    jaxlib=text,
                    replicate=block,
                )
                one["resolved"] = {"kernel": text, "isa": text, "kv_dtype": text}
                one["scenario"]["engine_args"] = {"note": text}
                one["id"] = f"{number}-{ctx}-{block}"
                found.append(placed(one, block, number) | {"id": one["id"], "host": text, "identity": str(number)})
        wrong = failed("failed", text, model=text, model_hash=f"sha256:{number}", machine=machine, threads=2)
        found.append(wrong | {"id": f"{number}-failed"})
    return found


def many(count: int = 10_000) -> Iterator[dict[str, Any]]:
    """As many rows, of one process each: what a folder of a year's runs may come to."""
    generator = random.Random(5)
    for number in range(count):
        threads, ctx, jaxlib = 1 << number % 4, 256 << number // 4 % 4, f"0.{number // 16 % 25}.{number // 400}"
        rate = 4000 * threads**0.8 / (1 + ctx / 4096) * generator.lognormvariate(0, 0.02)
        one = record(
            [sample(100_000 / rate, ttft_ms=ctx / 20)],
            threads=threads,
            ctx=ctx,
            n_prompt=ctx - 101,
            machine=EPYC,
            jaxlib=jaxlib,
            date=f"2026-{1 + number // 900:02d}-{1 + number // 32 % 28:02d}T10:00:00Z",
        )
        yield placed(one | {"id": str(number), "identity": str(number)}, 0, number) | {"id": str(number)}


def _grid() -> Iterator[dict[str, Any]]:
    """Measured in turn, native half as fast again as xla."""
    generator = random.Random(7)
    for model, pace in (("tinystories-1m", 4000.0), ("stories-15m", 600.0)):
        for point, (kernel, threads, ctx) in enumerate(_points()):
            rate = pace * (1.5 if kernel == "native" else 1) * threads**0.8 / (1 + ctx / 4096)
            for block in range(6):
                yield _placed(
                    _samples(generator, rate, ctx / 20 / pace * 4000 / threads),
                    model=model,
                    model_hash=f"sha256:{model}",
                    kernel=kernel,
                    threads=threads,
                    ctx=ctx,
                    block=block,
                    point=point,
                    ghz=(3.7, "measured"),
                )


def _points() -> list[tuple[str, int, int]]:
    return [(kernel, threads, ctx) for ctx in (256, 1024) for threads in (1, 2, 4) for kernel in ("xla", "native")]


def _other_machine() -> Iterator[dict[str, Any]]:
    generator = random.Random(8)
    for threads in (1, 2):
        for block in range(5):
            samples = _samples(generator, 5200 * threads**0.9, 12)
            yield _placed(samples, threads=threads, block=block, machine=GRAVITON, host="b" * 12, place="there")


def _odd() -> Iterator[dict[str, Any]]:
    """A disturbed row, one of two speeds, one that is oversubscribed, one that failed whole and one in part."""
    generator = random.Random(9)
    busy = {"disturbed": ["stolen time 4.1 %", "other processes 12 %"]}
    for block in range(6):
        flags = ["disturbed"] * (block % 2)
        yield _placed(_samples(generator, 3900), ctx=512, block=block, flags=flags) | {"readings": busy}
        yield _placed(_samples(generator, (2400, 4000)[block > 2]), ctx=2048, block=block)
        yield _placed(_samples(generator, 5000), threads=16, block=block, flags=["oversubscribed"])
    yield failed("timeout", "no answer within 600 s", threads=8, ctx=256, **_answering(256), machine=EPYC)
    large = {"model": "tinyllama-1.1b", "model_hash": "sha256:large"}
    yield failed("killed", "out of memory (signal 9)", threads=4, ctx=256, **_answering(256), **large, machine=EPYC)


def _foreign() -> Iterator[dict[str, Any]]:
    """Rows that were not measured here."""
    for provenance, engine, rate in (
        *(("imported", "llama_cpp", 5100), ("reported", "llama_cpp", 4800), ("synthetic", "smallmind", 8000)),
    ):
        for ctx in (256, 1024):
            samples = _samples(random.Random(1), rate / (1 + ctx / 4096))
            one = record(samples, ctx=ctx, **_answering(ctx), engine=engine, machine=EPYC)
            yield one | {"provenance": provenance, "id": f"{provenance}-{ctx}"}


def _ops() -> Iterator[dict[str, Any]]:
    for threads in (1, 2):
        for block in range(5):
            noise = 1 + 0.01 * ((block * 7) % 5 - 2)
            answers = [
                answer(shape=f"f32:{n}x{n}x{n}", loop_us=[n / 5 * noise / threads], call_us=[n / 4 * noise / threads])
                for n in (10, 100, 1000)
            ]
            yield process(answers, block, threads=threads) | {"environment": EPYC | {"packages": {"jaxlib": "0.10.2"}}}


def _placed(samples: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    block, point, place = changes.pop("block"), changes.pop("point", None), changes.pop("place", "here")
    kernel, ctx = changes.pop("kernel", "native"), changes.pop("ctx", 256)
    one = record(
        samples,
        replicate=block,
        ctx=ctx,
        **_answering(ctx),
        **{"machine": EPYC, "date": f"2026-03-01T10:{block:02d}:00Z", "kernel": kernel, **changes},
    )
    is_arm = one["environment"]["cpu"]["arch"] == "arm64"
    one["resolved"] = one["resolved"] | {"kernel": kernel, "isa": "dotprod" if is_arm else "avx512"}
    one["memory"] |= {"anon_bytes": 80 * 10**6, "file_bytes": 113 * 10**6}
    one["read_bandwidth"] = {"bytes_per_s": 120e9, "working_set_bytes": 4_000_000}
    return placed(one, block, block, point=point, machine=place)


def _answering(ctx: int) -> dict[str, int]:
    return {"n_prompt": ctx - 33, "n_gen": 33, "tokens_per_dispatch": 1}


def _samples(generator: random.Random, rate: float, ttft_ms: float = 12) -> list[dict[str, Any]]:
    """Of one process: three answers of 33 tokens, each a little slower than the one before as the cache fills."""
    found, rate = [], rate * generator.lognormvariate(0, 0.01)
    for _ in range(3):
        tokens = [1000 / rate * (1 + place / 400) * generator.lognormvariate(0, 0.01) for place in range(32)]
        found.append(sample(sum(tokens), ttft_ms * generator.lognormvariate(0, 0.01), token_ms=tokens))
    return found
