"""What this computer is, and what disturbs it."""
