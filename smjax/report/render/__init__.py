"""How tables are drawn, and the files that are written of them."""
