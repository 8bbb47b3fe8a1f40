"""From the records of many runs to the steps of each row's history, and what changed there."""
