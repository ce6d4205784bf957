"""Checks that report and change nothing: each finding names its subject and what would mend it."""
