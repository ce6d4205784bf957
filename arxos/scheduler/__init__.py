"""When things happen: the relay, the sweeper, the beat."""
