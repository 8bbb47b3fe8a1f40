"""What crosses the process border and what is kept of it: scenario, record, columns, run folder."""
