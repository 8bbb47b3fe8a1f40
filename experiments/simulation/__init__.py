"""What `intervals.py` is made of: ways in which processes differ, and what smjax says of rows and pairs of them."""
