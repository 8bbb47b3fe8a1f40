"""One worker process: what it is asked, how it is started and heard, how it ended."""
