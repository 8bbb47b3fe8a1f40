"""The commands of smjax: one file each, which says its arguments and makes its call."""

COMMANDS = {
    "run": "measure: one scenario, or with -m a sweep",
    "micro": "measure single operations: products, attention, memory, your own",
    "report": "rebuild the summaries of run folders from their records",
    "compare": "is a run, or a setting, faster than another, and how sure is that",
    "regress": "the same for CI: exit 3 where something is certainly slower",
    "baseline": "keep a run's records under a name, to be compared with",
    "trend": "since when is a figure higher or lower, and what changed then",
    "badge": "a figure as a small picture for a README, or as JSON for shields",
    "import": "other tools' results as a run folder: llama-bench, pyperf …",
    "doctor": "what disturbs measurements on this machine, and what to do",
    "profile": "where the time of a token goes, by part and by layer",
    "eval": "answer one prompt, for checking: a line of JSON",
    "export": "write a preset as a GGUF file for other tools",
}
"""What `smjax NAME` does; it is in `smjax/commands/NAME.py`, whose functions are `add_arguments` and `call`."""
