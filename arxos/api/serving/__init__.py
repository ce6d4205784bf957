"""From a socket to a request: processes, connections, and what each connection may take."""
