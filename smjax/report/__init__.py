"""From records to answers: store, statistics and tables."""
