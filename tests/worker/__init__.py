"""Tests of the measured process."""
