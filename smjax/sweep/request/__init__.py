"""What was asked for: composed by Hydra, typed, judged."""
