"""Business rules on the neutral model: one file per family, each rule a small declared function."""
