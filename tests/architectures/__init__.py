"""Tiny random models of every architecture as GGUF files, what llama.cpp answers to them, and the same in float64."""
