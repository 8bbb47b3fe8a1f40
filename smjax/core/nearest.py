"""What was meant by a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The name of `known` that `word` most likely means, or None: it may be in another case, cut short or mistyped."""
    import difflib  # only whoever has mistyped waits for it

    names = {_folded(name): name for name in known}
    asked = _folded(word)
    begun = [name for folded, name in names.items() if len(asked) > 1 and folded.startswith(asked)]
    if asked in names or len(begun) == 1:
        return names.get(asked) or begun[0]
    close = difflib.get_close_matches(asked, names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def _folded(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")
