"""What `calibration.py` is made of: from sweeps to medians, from these to the verdicts that `smjax compare` gives."""
