"""Intervals, tests, rates and verdicts: numbers in, numbers out; no files."""
