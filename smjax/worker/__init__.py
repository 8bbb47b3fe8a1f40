"""The measured process: loads a model, checks it, times it, and answers with one record."""
