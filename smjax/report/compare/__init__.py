"""From the records of two sides to a verdict on each scenario that both have."""
