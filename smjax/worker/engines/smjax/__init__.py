"""smjax's own engine: the decoder compiled by XLA."""
