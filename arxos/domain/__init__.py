"""What is true of buildings and of jobs: no I/O, no framework."""
