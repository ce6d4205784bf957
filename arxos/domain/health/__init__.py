"""How buildings are, and how the system's own parts are."""
