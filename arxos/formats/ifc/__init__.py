"""Industry Foundation Classes (ISO 16739) in STEP files (ISO 10303-21)."""
