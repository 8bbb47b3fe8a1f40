"""What a sweep's processes measure: a model's answers, or calls of ops. Everything else is the same for both."""
