"""One command's view of the system."""

import atexit

from arxos.app.bootstrap import Runtime, start


def session(application: str = "arxos-cli") -> Runtime:
    """Connects at first use. What it opened is closed when the process ends.

    Else the pool of connections goes when its last holder does, which may be a thread of its own: it cannot wait for
    its own end, and says so on stderr.
    """
    runtime = start(application=application)
    atexit.register(runtime.database.close)
    return runtime
