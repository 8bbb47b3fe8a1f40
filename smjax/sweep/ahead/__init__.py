"""What is done once for a scenario before any of its processes is timed."""
