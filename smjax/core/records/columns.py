"""Every column of `summary.*` as data: what it means, where it comes from, and how it is made one figure of a row.

A column is added here and nowhere else: the summaries, the tables and `docs/columns.md` follow. Only where its
source is neither a place in the record nor a formula does it need an expression too, in `report/data/figures.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SCHEMA_VERSION = 3
READABLE_SCHEMAS = (1, 2, 3)
"""Schemas whose records are read: what a later one added is unknown in an earlier one's."""

STATUSES = ("ok", "failed", "timeout", "killed", "refused")
PROVENANCES = ("measured", "imported", "reported", "synthetic")

OVER = {
    "scenario": "alike in the row's processes; part of the scenario",
    "compared": "alike in the row's processes; what a comparison compares",
    "key": "alike in the row's processes",
    "first": "of the first process",
    "least": "least of the processes",
    "worst": "worst of the processes",
    "union": "all that any process has",
    "reading": "median over processes",
    "answers": "median over answers, then over processes",
    "process": "one figure of all of a process's answers, then median over processes",
    "processes": "one figure of all of the row's processes",
    "interval": "95 % interval over processes",
    "row": "from the row's other figures",
    "each": "of each process; in no row",
}
"""How the processes' values become the row's, by the name under which a column asks for it."""


@dataclass(frozen=True)
class Column:
    """One column of the summary; empty in a row where it is not known, never 0."""

    name: str
    kind: Literal["text", "int", "float"]
    unit: str
    over: str
    """A key of OVER."""
    source: str
    """What that is applied to.

    A place in the record (of several, parted by " or ", the first that is known); for `answers` and `row` a formula in
    SQL, of the answer's times and of the row's other figures; for `interval` the column whose interval it is; in words
    where the expression is in `report/data/figures.py`.
    """
    divisor: float = 1
    """What a reading is divided by to be in `unit`."""
    heading: str = ""
    """In tables; none: the column is in no table."""
    shown: Literal["always", "any", "varies"] = "any"
    """In tables: always, if any row has it, or if the rows differ in it."""
    meaning: str = ""
    better: Literal["", "higher", "lower"] = ""
    """Of a figure that each process has, and that is compared."""

    @property
    def is_key(self) -> bool:
        """Whether processes that differ in it are not of one row."""
        return self.over in ("scenario", "compared", "key")

    @property
    def is_read(self) -> bool:
        """Whether it is taken from a place in the record as it is."""
        return self.is_key or self.over in ("first", "least", "worst", "reading", "each")


# fmt: off
COLUMNS = (
    Column("status", "text", "", "worst", "status", heading="status", shown="always",
           meaning="ok, failed, timeout, killed or refused; the worst of the scenario's processes"),
    Column("engine", "text", "", "compared", "scenario.engine", heading="engine", shown="varies",
           meaning="what ran the model"),
    Column("kernel", "text", "", "compared", "resolved.kernel", heading="kernel", shown="always",
           meaning="implementation of the packed matrix product"),
    Column("isa", "text", "", "compared", "resolved.isa", heading="isa", shown="varies",
           meaning="instruction set that the kernel used: the native one's, or what generated code was limited to"),
    Column("model", "text", "", "first", "model.name", heading="model", shown="always",
           meaning="preset name, or file name of a GGUF"),
    Column("arch", "text", "", "first", "environment.cpu.arch",
           meaning="machine architecture: x86_64 or arm64"),
    Column("cpu", "text", "", "first", "environment.cpu.model", heading="cpu", shown="varies",
           meaning="CPU model"),
    Column("os", "text", "", "first", "environment.os.name", heading="os", shown="varies",
           meaning="operating system and version"),
    Column("threads", "int", "threads", "scenario", "scenario.threads", heading="threads", shown="always",
           meaning="runnable threads while decoding, each pinned to a core"),
    Column("ctx", "int", "tokens", "scenario", "scenario.ctx", heading="ctx", shown="always",
           meaning="capacity of the KV cache"),
    Column("n_prompt", "int", "tokens", "scenario", "scenario.n_prompt", heading="prompt tokens", shown="varies",
           meaning="prompt length"),
    Column("n_gen", "int", "tokens", "scenario", "scenario.n_gen", heading="generated tokens", shown="varies",
           meaning="tokens generated; end-of-text does not stop them"),
    Column("tokens_per_dispatch", "int", "tokens", "scenario", "scenario.tokens_per_dispatch",
           heading="tokens per dispatch", shown="varies",
           meaning="tokens generated by one XLA execution"),
    Column("replicates", "int", "processes", "processes", "processes whose status is ok", heading="n", shown="always",
           meaning="worker processes that finished and count, each measured from its start"),
    Column("samples", "int", "samples", "processes", "their timed answers",
           meaning="timed answers over all replicates, warm-up excluded"),
    Column("decode_tok_per_s", "float", "tok/s", "answers", "(n_gen - 1) * 1e9 / NULLIF(decode_ns, 0)",
           heading="decode tok/s", shown="always", better="higher",
           meaning="(n_gen - 1) / (time of last id - time of first id)"),
    Column("decode_tok_per_s_lo", "float", "tok/s", "interval", "decode_tok_per_s",
           meaning="lower end of the 95 % interval over processes; empty with one process"),
    Column("decode_tok_per_s_hi", "float", "tok/s", "interval", "decode_tok_per_s",
           meaning="upper end of the 95 % interval over processes; empty with one process"),
    Column("e2e_tok_per_s", "float", "tok/s", "answers", "n_gen * 1e9 / NULLIF(ttft_ns + decode_ns, 0)",
           better="higher", meaning="n_gen / (TTFT + decode time)"),
    Column("prefill_tok_per_s", "float", "tok/s", "answers", "n_prompt * 1e9 / NULLIF(ttft_ns, 0)",
           heading="prefill tok/s", shown="always", better="higher",
           meaning="n_prompt / TTFT"),
    Column("ttft_ms", "float", "ms", "answers", "ttft_ns / 1e6", heading="TTFT ms", shown="always", better="lower",
           meaning="from prompt ids on the host to the first generated id on the host, warm executables"),
    Column("ttft_ms_lo", "float", "ms", "interval", "ttft_ms",
           meaning="lower end of the 95 % interval over processes; empty with one process"),
    Column("ttft_ms_hi", "float", "ms", "interval", "ttft_ms",
           meaning="upper end of the 95 % interval over processes; empty with one process"),
    Column("tpot_ms_p50", "float", "ms", "process", "token_ns of all answers", heading="TPOT p50/p99 ms",
           better="lower", meaning="median time per output token after the first; only with tokens_per_dispatch=1"),
    Column("tpot_ms_p90", "float", "ms", "process", "token_ns of all answers", better="lower",
           meaning="90th percentile of the same"),
    Column("tpot_ms_p99", "float", "ms", "process", "token_ns of all answers", better="lower",
           meaning="99th percentile of the same"),
    Column("peak_rss_mb", "float", "MB", "reading", "memory.peak_rss_bytes", divisor=1e6,
           heading="peak RSS MB", shown="always", better="lower",
           meaning="high-water mark of the worker's resident memory (VmHWM) over its life; MB = 10^6 bytes"),
    Column("load_s", "float", "s", "reading", "phases_ns.load", divisor=1e9, better="lower",
           meaning="reading or making the weights and repacking them for the kernel"),
    Column("compile_s", "float", "s", "reading", "phases_ns.compile", divisor=1e9, better="lower",
           meaning="tracing and compiling the prefill and decode programs"),
    Column("cold_start_s", "float", "s", "reading", "phases_ns.cold_start", divisor=1e9, better="lower",
           meaning="from the start of the process to the first generated id, imports, load and compile included"),
    Column("rss_growth_bytes_per_token", "float", "bytes/token", "process", "rss_bytes at the end of each answer",
           better="lower", meaning="slope of resident memory over the tokens of the timed answers"),
    Column("tok_per_s_per_core", "float", "tok/s/core", "row", "decode_tok_per_s / threads",
           heading="tok/s per core", shown="always",
           meaning="decode_tok_per_s / threads"),
    Column("tok_per_s_per_ghz_per_core", "float", "tok/s/GHz/core", "row", "decode_tok_per_s / threads / ghz",
           meaning="decode_tok_per_s / threads / GHz"),
    Column("cycles_per_token", "float", "cycles", "row", "CASE WHEN threads = 1 THEN ghz * 1e9 / decode_tok_per_s END",
           meaning="GHz * 10^9 / decode_tok_per_s, for one thread only"),
    Column("scaling_efficiency", "float", "ratio", "row", "decode_tok_per_s / (threads * one_thread_tok_per_s)",
           heading="scaling",
           meaning="decode_tok_per_s / (threads * the same with one thread), everything else equal"),
    Column("bytes_per_token", "float", "bytes", "reading", "bytes_per_token",
           meaning="read by one decode step at the middle of the answer: packed weights, filled KV cache"),
    Column("gb_per_s", "float", "GB/s", "row", "bytes_per_token * decode_tok_per_s / 1e9", heading="GB/s",
           meaning="bytes_per_token * decode_tok_per_s; GB = 10^9 bytes"),
    Column("roofline", "float", "ratio", "row", "bytes_per_token * decode_tok_per_s / read_bytes_per_s",
           heading="of bandwidth",
           meaning="gb_per_s / what the same threads read a second of as many bytes; empty without native kernel"),
    Column("provenance", "text", "", "compared", "provenance", heading="provenance", shown="always",
           meaning="measured here, imported (another tool's), reported (a table's), synthetic (not measured)"),
    Column("flags", "text", "", "union", "flags", heading="flags",
           meaning="what a reader must know about the row, joined by ;"),
    Column("host", "text", "", "compared", "host", heading="host", shown="varies",
           meaning="fingerprint of CPU vendor, family, model, stepping, cores, caches, memory and architecture"),
    Column("jaxlib", "text", "", "compared", "versions.jaxlib or environment.packages.jaxlib",
           heading="jaxlib", shown="varies",
           meaning="version"),
    Column("smjax", "text", "", "compared", "smjax", heading="smjax", shown="varies",
           meaning="version"),
    Column("kv_dtype", "text", "", "compared", "resolved.kv_dtype", heading="KV dtype", shown="varies",
           meaning="element type of the KV cache"),
    Column("steady_rss_mb", "float", "MB", "reading", "memory.steady_rss_bytes", divisor=1e6, better="lower",
           meaning="high-water mark over the timed answers alone, where it can be reset"),
    Column("weight_mb", "float", "MB", "reading", "memory.weight_bytes", divisor=1e6, better="lower",
           meaning="packed weights as counted in the worker's arrays"),
    Column("date", "text", "", "least", "date",
           meaning="start of the first process, UTC, ISO 8601"),
    Column("decode_tok_per_s_best", "float", "tok/s", "processes", "decode_tok_per_s of each answer",
           meaning="the fastest single sample, beside the median; never compared"),
    Column("tpot_ms_per_1000_tokens", "float", "ms", "answers", "token_ns", better="lower",
           meaning="how much longer a token takes per 1,000 in the cache; empty with under 100 timed"),
    Column("energy_j_per_token", "float", "J/token", "reading", "energy.joules_per_token",
           heading="measured J per token", better="lower",
           meaning="measured energy of the CPU packages (RAPL) over all answers, per generated token"),
    Column("processes_disturbed", "int", "processes", "processes", "flags",
           meaning="of the replicates, those in which something else kept the machine busy"),
    Column("processes_repeated", "int", "processes", "processes", "attempts whose place a later one took",
           meaning="left out, as a later one took their place: they were disturbed or failed"),
    Column("identity", "text", "", "key", "identity", heading="identity", shown="varies",
           meaning="digest of all that a process depends on: settings, weights, smjax's files, jaxlib, host"),
)
FIELDS = (
    Column("model_hash", "text", "", "scenario", "model.hash"),
    Column("label", "text", "", "key", "scenario.label", heading="label", shown="varies"),
    Column("machine", "text", "", "key", "machine", heading="machine", shown="varies"),
    Column("sources", "text", "", "first", "identity_parts.smjax's files"),
    Column("settings", "text", "", "first", "identity_parts.settings"),
    Column("target_ci", "float", "ratio", "least", "scenario.measure.target_ci"),
    Column("read_bytes_per_s", "float", "bytes/s", "reading", "read_bandwidth.bytes_per_s"),
    Column("ghz", "float", "GHz", "reading", "ghz.value"),
    Column("ghz_source", "text", "", "each", "ghz.source"),
    Column("reason", "text", "", "each", "reason"),
    Column("disturbed_by", "text", "", "union", "readings.disturbed"),
    Column("replicate", "int", "", "each", "replicate"),
    Column("attempt", "int", "", "each", "attempt"),
    Column("requested_kernel", "text", "", "each", "scenario.kernel"),
    Column("requested_isa", "text", "", "each", "scenario.isa"),
    Column("requested_kv_dtype", "text", "", "each", "scenario.kv_dtype"),
)
"""What is read from records besides: columns and tables are made from it, and it is in no summary."""
# fmt: on

COLUMN_NAMES = tuple(column.name for column in COLUMNS)

METRICS = {column.name: column for column in COLUMNS if column.better}
"""What is compared: figures of which each process has one."""
