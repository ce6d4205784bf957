"""One folder or file per input format."""
