"""What the page of a report says: the verdict in words, machines, pictures, rows, and how to measure it again."""
