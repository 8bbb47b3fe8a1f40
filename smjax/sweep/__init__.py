"""From overrides to records: config, plan, launcher and progress."""
