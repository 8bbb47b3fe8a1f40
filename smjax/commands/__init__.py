"""The commands of smjax: one file each, which says its arguments and makes its call."""

GROUPS = {
    "measure": {
        "run": "measure: one scenario, or with -m a sweep",
        "micro": "measure single operations: products, attention, memory, your own",
        "profile": "where the time of a token goes, by part and by layer",
        "eval": "answer one prompt, for checking: a line of JSON",
    },
    "read what was measured": {
        "report": "the tables, pictures and report.html of run folders, from their records",
        "compare": "is a run, or a setting, faster than another, and how sure is that",
        "regress": "compare for CI: exit 3 where something is certainly slower",
        "plot": "a picture of your own: any figure over any column",
        "trend": "since when is a figure higher or lower, and what changed then",
        "baseline": "keep a run's records under a name, to be compared with",
        "badge": "a figure as a small picture for a README, or as JSON for shields",
    },
    "this machine": {
        "doctor": "what disturbs measurements on this machine, and what to do",
    },
    "other tools' files": {
        "import": "other tools' results as a run folder: llama-bench, pyperf …",
        "export": "write a preset as a GGUF file for other tools",
    },
}
"""What `smjax NAME` does, by what one wants of it.

It is in `smjax/commands/NAME.py`, whose functions are `add_arguments` and `call`, and which may say `EXAMPLES` (command
lines, and what they do) and `EXITS` (what its exit codes say, where that is other than of most).
"""

COMMANDS = {name: does for group in GROUPS.values() for name, does in group.items()}
