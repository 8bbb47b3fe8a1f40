"""Every flag as data: what sets it, by which rule, and what a reader makes of it.

A flag is added here, one of an import in `import_flags.py`; whoever sets it names the constant, and `docs/flags.md`
follows. Nothing is dropped because of a flag, but for the attempts that were repeated.
"""

from __future__ import annotations

from smjax.core.records.flag import Flag
from smjax.core.records.import_flags import IMPORT_FLAGS

# fmt: off
WIDE_CI = Flag(
    "wide-ci", "report",
    "two or more processes, and the half-width of the 95 % interval of decode tok/s, of an op that of `loop_us` or "
    "else `call_us`, is above `measure.target_ci`",
    "the figure is less certain than was asked for",
    "more processes (`measure.replicates`) or a larger `measure.budget_s`; a quieter machine",
)
NO_INTERVAL = Flag(
    "no-interval", "report",
    "two or more processes, and decode tok/s, of an op `loop_us` or else `call_us`, has no interval: they have two "
    "speeds, drift, or resemble the one before",
    "no figure with a ± would be true of them; `no_interval_reason` says why, `states` what it is like in each state",
    "look at the processes in the order of time; a quieter machine, or more processes if the reason is chance",
    "4 to 5 % of rows of 8 and more processes of pure noise",
)
MODES_NOT_TESTABLE = Flag(
    "modes-not-testable", "report",
    "two to seven processes",
    "the interval is that of one speed, and nobody can say of so few processes whether they have one",
    "`measure.replicates=8` or more",
)
WARMUP = Flag(
    "warmup", "report",
    "the first kept answers are slower than the others, in decode or TTFT: a rank test within processes at 0.5 % each, "
    "and by 1 % in the median process; it needs four processes of five answers",
    "the warm-up was too short",
    "more answers before the first that counts (`measure.warmup`)",
    "under 1 % of rows of pure noise, 2 % where speed drifts; a start 10 % slower is seen in 67 % of rows of 6 "
    "processes, 99 % of 10",
)
OUTLIER = Flag(
    "outlier", "report",
    "a process's median has a modified z-score above 3.5 and is 2 % off; of fewer than five processes, an answer "
    "beside the others of its process",
    "a process, or an answer, stands out; it still counts",
    "look at the samples in its record; the median hardly follows it, a mean would",
    "up to 21 % of normal rows of 5 processes, 12 % of 10: a hint to look, no verdict",
)
DISTURBED = Flag(
    "disturbed", "supervisor",
    "what the system counted while answers were timed is beyond fixed limits: stolen or throttled time, other "
    "processes, involuntary switches (but for those between more working threads of its own than CPUs), swapping, "
    "heat",
    "something else kept the machine busy; the process is repeated once within the budget, and this one still counts",
    "end what the note below the table names, or take a quieter machine; `smjax doctor` looks for it",
)
CORE_SHARED = Flag(
    "core-shared", "supervisor",
    "at more than 20 % of the moments of counting some thread's core made fewer than 0.85 of the additions a cycle "
    "that this machine had shown by then",
    "somebody unseen computed on a core's other hardware thread. The process counts and is not repeated: of processes "
    "that are chosen by their state neither its share of the time nor the median is true",
    "read `states`, which has the figures of either state; a machine with whole cores, or another hour",
)
SESSIONS_APART = Flag(
    "sessions-apart", "report",
    "between two consecutive processes of the row lie the end of a session and more than an hour",
    "its sweep was stopped and went on later: the interval takes processes of two times, between which the machine may "
    "have changed, for processes of one",
    "look at the processes in the order of time; a folder of its own for each time, and `smjax report --pool runs`",
)
ROOFLINE_ABOVE_1 = Flag(
    "roofline-above-1", "report",
    "in some process `roofline` is above 1",
    "the bandwidth that it is a share of was measured too low, and the share is too high by as much",
    "a quieter machine: the reading takes a moment, and a neighbour may have been there just then",
)
PEAK_RSS_TIDIED = Flag(
    "peak-rss-tidied", "report",
    "some record is of schema 1 or 2",
    "`peak_rss_mb` and `steady_rss_mb` are without the code that only the start of JAX touches, which was unmapped "
    "then: 30 to 70 MB less than an ordinary process has",
    "never beside those of later records; `smjax compare` refuses it",
)
ANSWERS_DIFFER = Flag(
    "answers-differ", "report",
    "processes of the row that finished ok answered the same prompt with different ids, among the first 64",
    "the same code does not always compute the same: its threads add up in no fixed order, or something is broken. "
    "`agreement` is the least of its processes'",
    "look at `ids` in its records; `smjax eval` says how far its scores are off",
    "never: a process that computes the same gives the same ids",
)
ABOVE_PEAK = Flag(
    "above-peak", "report",
    "in some process of an op `peak_share` is above 1",
    "the op was counted as more arithmetic than it does, or the peak was measured too low, by a slower clock or beside "
    "a neighbour; the share is as it came out",
    "a quieter machine; where every process says so the op's `flops` are wrong",
)
ABOVE_BANDWIDTH = Flag(
    "above-bandwidth", "report",
    "in some process of an op `bandwidth_share` is above 1",
    "what it moves came in part from a faster level than the one that all of it fits in, or the bandwidth was measured "
    "too low; the share is as it came out",
    "a quieter machine; `cache=cold`, where inputs are to come from memory; where every process says so the op's "
    "`bytes` are wrong",
)
MEMORY_GROWS = Flag(
    "memory-grows", "report",
    "`growth_bytes_per_1000_calls` of an op is above 0: in the median process",
    "each call leaves something behind, or the kernel's or JAX's pools had not reached their size",
    "a longer `measure.sampling_s`: what goes on growing is lost memory",
)
RUNS_POOLED = Flag(
    "runs-pooled", "report",
    "`smjax report --pool runs`: the row is of all runs that `run` names",
    "the run is the unit: figures are medians of the runs' figures, and intervals are over runs, not over processes",
    "nothing; without `--pool runs` each run has a row",
)
OVERSUBSCRIBED = Flag(
    "oversubscribed", "supervisor",
    "`threads` is above the number of usable cores",
    "threads wait for each other: such a row says nothing about more cores",
    "lower `threads`, or give the process more cores",
)
EMULATED = Flag(
    "emulated", "supervisor",
    "software carries out the processor's instructions: QEMU, for another processor than there is or without "
    "hardware's help (`environment.cpu.emulation` says which)",
    "the figure is the emulator's, and says nothing of such a processor",
    "measure on the processor itself",
)
HANDICAP = Flag(
    "handicap", "supervisor",
    "`measure.handicap` is above 0",
    "slowed down on purpose, to see what a comparison sees",
    "never beside rows without it, but for that",
)
AHEAD_FAILED = Flag(
    "ahead-failed", "supervisor",
    "a step that the engine takes ahead of a sweep failed",
    "measured without what that step finds out; why is said when the sweep begins",
    "look into it, and measure again",
)
COMPILE_CACHED = Flag(
    "compile-cached", "worker",
    "the programs came from the compilation cache",
    "`compile_s` and `cold_start_s` are those of a start from a warm cache",
    "`measure.compile_cache=false` for those of a first start",
)
GHZ_MEASURED = Flag(
    "ghz-measured", "report",
    "the clock rate was measured by additions that wait for each other, on all threads' cores around the timed answers "
    "(where the system pins no threads, as macOS, and others look than decode: on whichever cores those had)",
    "figures per GHz and per cycle are of the clock as it was",
    "nothing",
)
GHZ_READ = Flag(
    "ghz-read", "report",
    "the clock rate is what the system says of the worker's first CPU",
    "the true one may differ, and with it figures per GHz and per cycle",
    "install the native library, which measures it",
)
GHZ_REPORTED = Flag(
    "ghz-reported", "history",
    "the clock rate is what the source of a published row says",
    "nominal more often than measured, and with it figures per GHz and per cycle",
    "nothing",
)
MODEL_CLAIMED = Flag(
    "model-claimed", "worker",
    "a server computed, or `smjax import --model FILE`",
    "that the model is this file is what whoever asked says; of an import its size is the same, where that is known",
    "start the server with that file; `versions` in the records has what it says of itself",
)
UNIQUE_PROMPTS = Flag(
    "unique-prompts", "worker",
    "a server computed",
    "each answer was to another prompt of that length, as a server would look up one that it knows",
    "nothing",
)
TEXT_PROMPTS = Flag(
    "text-prompts", "worker",
    "the server takes no token ids",
    "prompts were texts of as many tokens as the server counts, its own additions included; TTFT has tokenising",
    "a server that takes ids (llama-server, vLLM)",
)
PREFIX_CACHE_HIT = Flag(
    "prefix-cache-hit", "worker",
    "the server says that it knew more than one token of a prompt before it was asked",
    "TTFT and prefill tok/s are of a shorter prompt than `n_prompt`",
    "turn its prefix cache off",
)
CHUNKS_NOT_TOKENS = Flag(
    "chunks-not-tokens", "worker",
    "an answer arrived in fewer parts than it has tokens, and the server does not say how many the first one has",
    "no times of single tokens; decoding is timed as if the first part had one token: of `k` tokens in it "
    "decode tok/s is too high by (k - 1) / (n_gen - 1)",
    "a server that counts while it answers (llama-server, vLLM), or that sends every token by itself",
)
OTHER_MACHINE = Flag(
    "other-machine", "worker",
    "`engine_args.remote=true`",
    "a server on another machine, of which nothing is known here; times include the network",
    "smjax beside the server, for figures of the machine",
)
# fmt: on

FLAGS = (
    *(WIDE_CI, NO_INTERVAL, MODES_NOT_TESTABLE, WARMUP, OUTLIER, DISTURBED, CORE_SHARED, SESSIONS_APART),
    *(ROOFLINE_ABOVE_1, PEAK_RSS_TIDIED, ANSWERS_DIFFER, ABOVE_PEAK, ABOVE_BANDWIDTH, MEMORY_GROWS),
    *(RUNS_POOLED, OVERSUBSCRIBED, EMULATED, HANDICAP, AHEAD_FAILED, COMPILE_CACHED),
    *(GHZ_MEASURED, GHZ_READ, GHZ_REPORTED),
    *IMPORT_FLAGS,
    *(MODEL_CLAIMED, UNIQUE_PROMPTS, TEXT_PROMPTS, PREFIX_CACHE_HIT, CHUNKS_NOT_TOKENS, OTHER_MACHINE),
)

GHZ = {"measured": GHZ_MEASURED.name, "read": GHZ_READ.name}
"""Names of flags by how a record says that its clock rate was found."""
