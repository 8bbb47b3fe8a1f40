"""What the measuring and the measured process both know; imports no JAX, polars or Hydra."""
