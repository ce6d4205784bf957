"""Files within files: zip and gzip, unpacked as a stream and within bounds. What a format does with them is its own."""
