"""Jobs: their life, their verdicts, their use cases."""
