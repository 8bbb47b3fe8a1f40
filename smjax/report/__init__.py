"""From records to answers: rows, tables and files."""
