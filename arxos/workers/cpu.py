"""What a job costs: seconds of processors."""

import resource
import threading
import time


def cpu_seconds() -> float:
    """What the caller's work has cost so far; the difference of two calls is what came between them.

    In a child of the pool, where the job is alone: of the whole process, and of processes that it has started and that
    have ended. In a pool of threads: of this thread.
    """
    if threading.current_thread() is not threading.main_thread():
        return time.thread_time()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
