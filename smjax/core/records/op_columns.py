"""The columns of microbenchmarks: what was measured instead of a model's answers, and how fast one call of it is."""

from __future__ import annotations

from smjax.core.records.column import Column

_CALL_US = "COALESCE(loop_us, call_us)"
"""What a call takes where nothing of Python is in it, if that is known."""
_BY_BANDWIDTH = "op_flops / op_bytes * level_bytes_per_s"

# fmt: off
OP_COLUMNS = (
    Column("op", "text", "", "scenario", "scenario.points.op", heading="op",
           meaning="what a microbenchmark measures instead of a model's answers, by its name; a user's own is "
           "module:function"),
    Column("shape", "text", "", "scenario", "scenario.points.shape", heading="shape",
           meaning="[KIND:]AxBxC: at which sizes, in the order that the op has them"),
    Column("cache", "text", "", "scenario", "scenario.points.cache", heading="cache", shown="varies",
           meaning="hot: the op's inputs lie where the call before has left them; cold: before each call more than the "
           "last-level cache is read"),
    Column("call_us", "float", "us", "answers", "NULLIF(call_ns, 0) / 1e3", heading="call µs", better="lower",
           meaning="one call of an op from Python, dispatched and waited for"),
    Column("call_us_lo", "float", "us", "interval", "call_us",
           meaning="lower end of its 95 % interval over processes"),
    Column("call_us_hi", "float", "us", "interval", "call_us",
           meaning="upper end of its 95 % interval over processes"),
    Column("loop_us", "float", "us", "answers", "NULLIF(loop_ns, 0) / 1e3", heading="loop µs", better="lower",
           meaning="one call of an op inside of a loop in one program, without any dispatch; empty with cold inputs"),
    Column("loop_us_lo", "float", "us", "interval", "loop_us",
           meaning="lower end of its 95 % interval over processes"),
    Column("loop_us_hi", "float", "us", "interval", "loop_us",
           meaning="upper end of its 95 % interval over processes"),
    Column("gflop_per_s", "float", "GFLOP/s", "figures", f"op_flops / {_CALL_US} / 1e3",
           heading="GFLOP/s", better="higher",
           meaning="10^9 operations a second, a multiply-add counted as two, by loop_us or else by call_us; whole "
           "numbers count as well as floating ones"),
    Column("op_gb_per_s", "float", "GB/s", "figures", f"op_bytes / {_CALL_US} / 1e3",
           heading="GB/s", better="higher",
           meaning="bytes that a call has to read and write / loop_us or else call_us; GB = 10^9 bytes"),
    Column("peak_share", "float", "ratio", "figures", f"op_flops * 1e6 / {_CALL_US} / peak_flop_per_s",
           heading="of peak",
           meaning="gflop_per_s / what as many threads of the same process can do of such operations at best; never "
           "cut off at 1"),
    Column("bandwidth_share", "float", "ratio", "figures", f"op_bytes * 1e6 / {_CALL_US} / level_bytes_per_s",
           heading="of bandwidth",
           meaning="op_gb_per_s / the most that as many threads of the same process move in a working set of as many "
           "bytes, by reading, copying or adding up; never cut off at 1"),
    Column("temp_bytes", "int", "bytes", "reading", "points.temp_bytes", heading="temp bytes", better="lower",
           has_zero=True,
           meaning="temporaries of the compiled program, beside its inputs and outputs"),
    Column("growth_bytes_per_1000_calls", "float", "bytes", "reading", "points.growth_bytes_per_1000_calls",
           heading="growth", better="lower", has_zero=True,
           meaning="how much anonymous memory grows over 1,000 calls in steady state: 0, unless something is lost"),
    Column("nmse", "float", "ratio", "reading", "points.nmse", has_zero=True,
           meaning="error of the op's result against NumPy's in float64, before the clock: mean square, as a share of "
           "the result's own"),
    Column("intensity", "float", "FLOP/byte", "figures", "op_flops / op_bytes",
           meaning="operations of a call / bytes that it has to read and write"),
    Column("attainable_gflop_per_s", "float", "GFLOP/s", "figures",
           f"CASE WHEN {_BY_BANDWIDTH} IS NOT NULL AND peak_flop_per_s IS NOT NULL "
           f"THEN LEAST(peak_flop_per_s, {_BY_BANDWIDTH}) / 1e9 END",
           meaning="the roofline: the lesser of the peak and of intensity * that bandwidth; empty where one of "
           "them is not known"),
)
OP_FIELDS = (
    Column("op_flops", "float", "FLOP", "reading", "points.flops"),
    Column("op_bytes", "float", "bytes", "reading", "points.bytes"),
    Column("peak_flop_per_s", "float", "FLOP/s", "reading", "points.peak_flop_per_s"),
    Column("level_bytes_per_s", "float", "bytes/s", "reading", "points.bandwidth_bytes_per_s"),
    Column("level", "text", "", "first", "points.bandwidth_level"),
)
"""What is read of points besides: columns and tables are made from it, and it is in no summary."""
# fmt: on
