"""How fast a 4-bit language model decodes on a CPU, with the model compiled by XLA."""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: that takes as long as all else that `smjax --help` imports."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version(__name__)
