"""What happened, added up: by five minutes, hours and days."""
