"""What stands in which table: a run, a run beside the last one, a run beside history."""
