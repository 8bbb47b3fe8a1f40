"""llama-bench: its five formats, and what its tests are here."""

from smjax.imports.llama_bench.tests import read

__all__ = ["read"]
