"""The doors of HTTP: the interface for services, and the console for people."""
