"""Decoders as data: what one is made of, the presets, and where a model comes from."""
