"""How the system is set up and run; no part of the installed package."""
