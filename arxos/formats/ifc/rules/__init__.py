"""buildingSMART's normative rules, one file per family; ids, titles and meaning as published there, code our own.

Severity as published: an industry practice is a warning, everything else an error.
"""
