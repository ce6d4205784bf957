"""The processes that serve, and the one that starts them, ends them, and replaces those that died."""

import multiprocessing
import os
import signal
import threading

from uvicorn.supervisors import Multiprocess

END_WITHIN_S = 8  # then what is still being answered is given up
CLOSE_WITHIN_S = 5  # and a process that is not gone by then is killed


class Processes(Multiprocess):
    """uvicorn's supervisor, which waits for no process for ever."""

    def join_all(self) -> None:
        for one in self.processes:
            one.process.join(END_WITHIN_S + CLOSE_WITHIN_S)
            if one.process.is_alive():
                one.process.kill()
                one.process.join()


def leave_with_parent() -> None:
    """End this serving process when the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=watch, name="parent-watch", daemon=True).start()
