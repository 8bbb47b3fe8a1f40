"""One row's figure as a badge: which row, what is said of it, and how that is drawn."""
