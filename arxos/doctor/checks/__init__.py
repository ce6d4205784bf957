"""The checks by what they judge: pure functions from facts to remarks."""
