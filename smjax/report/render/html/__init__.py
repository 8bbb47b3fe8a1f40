"""What a page is made of, as values, and how it becomes one HTML file that needs nothing else."""
