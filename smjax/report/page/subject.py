"""What a report is about: models, settings and machines, as a title, as facts, and as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smjax.core.numbers import listed, plural
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.data.natural import natural
from smjax.report.data.run_names import short_names
from smjax.report.page.machines import by_machine
from smjax.report.page.wording import Row, process_of, values

_VARIED = {
    "engine": "engine",
    "kernel": "kernel",
    "isa": "instruction set",
    "kv_dtype": "KV cache of",
    "threads": "threads",
    "ctx": "ctx",
    "n_prompt": "prompt tokens",
    "n_gen": "generated tokens",
    "tokens_per_dispatch": "tokens per dispatch",
    "label": "label",
    "jaxlib": "jaxlib",
    "smjax": "smjax",
    "python": "Python",
    "interpreter": "interpreter",
}
"""What rows may differ in, as a sentence calls it."""
_ALWAYS = ("kernel", "threads", "ctx")
"""What is said of rows that are alike in it, too."""


def title(rows: Sequence[Row]) -> str:
    """Models, or operations, and the machine."""
    models = _distinct(rows, "model")
    ops = _distinct(rows, "op")
    what = [_few(models, "models")] if models else []
    what += [_few(ops, "operations")] if ops else []
    return f"{listed(what) if what else 'Measurements'} on {_where(rows)}"


def facts(rows: Sequence[Row], records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """When, how much, and with what."""
    days = sorted({record.date[:10] for record in records})
    yield "Date", " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "unknown"
    runs = short_names(record.run for record in records if record.run)
    if runs:
        yield "Run" if len(runs) == 1 else "Runs", values(list(runs.values()))
    labels = _distinct(rows, "label")
    if labels:
        yield "Label" if len(labels) == 1 else "Labels", values(labels)
    ok = len({process_of(record) for record in records if record.ok})
    of_all = len({process_of(record) for record in records})
    yield "Processes", f"{of_all}" if ok == of_all else f"{ok} of {of_all} finished ok"
    yield "smjax", values(_distinct(rows, "smjax")) or "unknown"


def sentence(rows: Sequence[Row], records: Sequence[Record]) -> str:
    """What was compared with what."""
    follows = {"n_prompt"} if all(_fills(row) for row in rows) else set()
    found = {name: _distinct(rows, key) for key, name in _VARIED.items() if key not in follows}
    varied = [f"{name} {values(own)}" for name, own in found.items() if len(own) > 1]
    alike = [_one(name, own[0]) for name, own in found.items() if name in _ALWAYS and len(own) == 1]
    settings = [f"with {listed(varied)}"] if varied else []
    settings += [f"{'all of them ' if varied else ''}with {listed(alike)}"] if alike else []
    processes = plural(len({process_of(record) for record in records}), "process", "processes")
    size = f"{plural(len(rows), 'row', 'rows')} of {processes}, on {_where(rows)}{_runs(records)}"
    return f"{', '.join([_what(rows), *settings])}: {size}."


def _one(name: str, value: str) -> str:
    return plural(int(value), "thread", "threads") if name == "threads" else f"{name} {printable(value, 60)}"


def _fills(row: Row) -> bool:
    """Whether the prompt is what the answer leaves of the context, as it is unless somebody asks otherwise."""
    sizes = [row[name] for name in ("n_prompt", "n_gen", "ctx")]
    return None in sizes or sizes[0] + sizes[1] == sizes[2]


def _what(rows: Sequence[Row]) -> str:
    models, ops = _distinct(rows, "model"), _distinct(rows, "op")
    what = [values(models)] if models else []
    what += [f"{plural(len(ops), 'operation', 'operations')} ({values(ops)})"] if ops else []
    return listed(what) if what else "Models without a name"


def _runs(records: Sequence[Record]) -> str:
    runs = len({record.run for record in records if record.run})
    machines = len(by_machine(records))
    told = [f"{runs} runs"] * (runs > 1) + [f"{machines} machines"] * (machines > 1)
    return f", from {listed(told)}" if told else ""


def _where(rows: Sequence[Row]) -> str:
    cpus = _distinct(rows, "cpu")
    return _few(cpus, "kinds of machines") if cpus else "an unknown machine"


def _few(found: Sequence[str], many: str) -> str:
    return listed([printable(one, 60) for one in found]) if len(found) <= 2 else f"{len(found)} {many}"


def _distinct(rows: Sequence[Row], name: str) -> list[str]:
    found = {str(row[name]) for row in rows if row.get(name) not in (None, "", "auto")}
    return sorted(found, key=natural)
