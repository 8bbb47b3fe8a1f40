"""From records to frames, and from frames to one row per scenario."""
