"""Which worker process runs next, and what of earlier ones still counts."""
