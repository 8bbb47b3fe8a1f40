"""Which rows of any set of results can hardly be measurements, and why."""
