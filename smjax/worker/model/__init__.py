"""The decoder, its weights and its KV cache."""
