"""Business rules on the neutral model."""
