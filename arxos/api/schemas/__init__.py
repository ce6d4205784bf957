"""What the calls take and answer: one file for each group of them."""
