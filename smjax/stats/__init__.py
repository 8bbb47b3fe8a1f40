"""Intervals, tests and rates: numbers in, numbers out; no files."""
