"""Tests of what the measuring and the measured process both know."""
