"""Ways out to other people's servers."""
