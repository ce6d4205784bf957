"""The rivals, each with its defaults. They read the servers' addresses from ARXOS_…."""
