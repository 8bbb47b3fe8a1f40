"""The flags of rows that another tool measured: what its figures are, or do not say, that those of smjax are or do."""

from __future__ import annotations

from smjax.core.records.flag import Flag

# fmt: off
NO_ID_CHOSEN = Flag(
    "no-id-chosen", "import",
    "llama-bench",
    "it feeds random ids and chooses none: prefill tok/s is of the pass over the prompt, forward tok/s of those over "
    "tokens, and there is no TTFT, decode tok/s or ITL",
    "beside `forward_tok_per_s` of `engine=llama_cpp`, which leaves choosing out too",
)
PROMPT_AT_DEPTH = Flag(
    "prompt-at-depth", "import",
    "llama-bench with `-d` and a prompt",
    "the prompt was computed behind as many tokens that were in the cache already, which it attends to as well",
    "never beside a prompt of that length in an empty cache",
)
FIRST_ID_IN_DECODE = Flag(
    "first-id-in-decode", "import",
    "optimum-benchmark, with an engine whose tokens it times one by one",
    "the prompt's time ends with its scores: choosing the first id is part of decoding, as is the end of `generate`; "
    "inter-token latency is from scores to scores",
    "a difference of microseconds with large models, not with small ones",
)
DECODE_BY_DIFFERENCE = Flag(
    "decode-by-difference", "import",
    "optimum-benchmark, with an engine whose tokens it does not time one by one",
    "decoding is a whole answer less the mean time of one-token answers to the same prompt, timed before",
    "its samples vary as whole answers do; the median is as good as the mean that was taken off",
)
BATCHED = Flag(
    "batched", "import",
    "more than one prompt at a time",
    "rates are those of one prompt and answer, of which several were computed together",
    "never beside answers one at a time",
)
RSS_SAMPLED = Flag(
    "rss-sampled", "import",
    "optimum-benchmark with memory",
    "`peak_rss_mb` is the largest of readings every 10 ms, and may have missed the peak",
    "at most as much as the high-water mark that the kernel keeps",
)
MEANS = Flag(
    "means", "import",
    "pyperf with more than one loop",
    "each sample is the mean of so many calls: a median over them is no median over calls",
    "`--loops 1` of pyperf, where a call takes long enough to be timed alone",
)
AVERAGES_ONLY = Flag(
    "averages-only", "import",
    "llama-bench's CSV, SQL or Markdown, which have no samples",
    "the figure is a mean, and how many repetitions are behind it is not known",
    "`llama-bench -o jsonl`",
)
OTHER_DEVICE = Flag(
    "other-device", "import",
    "the source names a device, or a backend, besides CPUs",
    "part of it, or all, was not computed by the CPU that the row names",
    "never beside rows of CPUs",
)
MEANING_CLAIMED = Flag(
    "meaning-claimed", "import",
    "`smjax import pyperf`, whose files do not say what was timed",
    "what the times are, and of how many tokens, is what `--as`, `--n-prompt` and `--n-gen` said",
    "look at the program that was timed",
)
DATE_UNSURE = Flag(
    "date-unsure", "import",
    "a file without dates, or without their time zone",
    "`date` is that of the file's last change, or a local time taken for UTC",
    "nothing; `smjax trend` orders runs by it",
)
# fmt: on

IMPORT_FLAGS = (
    *(NO_ID_CHOSEN, PROMPT_AT_DEPTH, FIRST_ID_IN_DECODE, DECODE_BY_DIFFERENCE, BATCHED, RSS_SAMPLED, MEANS),
    *(AVERAGES_ONLY, OTHER_DEVICE, MEANING_CLAIMED, DATE_UNSURE),
)
