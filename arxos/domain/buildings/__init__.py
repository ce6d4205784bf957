"""Buildings: the aggregate, its geometry, its rules, its use cases."""
