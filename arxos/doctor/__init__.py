"""Says everything that bites: facts from all over the system, judged by pure checks, each finding with a stable id."""
