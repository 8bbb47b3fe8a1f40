"""How fast a 4-bit language model decodes on a CPU, with the model compiled by XLA."""

from importlib.metadata import version

__version__ = version("smjax")
