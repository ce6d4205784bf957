"""Work in a forked child: what it sends, how it ends, and that it never outlives its parent."""

import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from arxos.formats.ifc.isolation import ChildEndedError, IsolatedWork, Send

DEADLINE_S = 10.0


def gone(pid: int) -> bool:
    """Whether the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)


def everything(child: IsolatedWork) -> tuple[list[bytes], str]:
    packets: list[bytes] = []
    try:
        while (packet := child.receive(DEADLINE_S)) is not None:
            packets.append(packet)
    except ChildEndedError as ended:
        return packets, str(ended)
    pytest.fail("the child fell silent")


def ending(work: Callable[[Send], None], memory_mb: int = 4096) -> tuple[list[bytes], str]:
    with IsolatedWork(work, memory_mb=memory_mb) as child:
        return everything(child)


def test_packets_arrive_whole_and_in_order() -> None:
    sent = [b"", b"one", bytes(3_000_000), b"last"]

    def work(send: Send) -> None:
        for packet in sent:
            send(packet)

    assert ending(work) == (sent, "finished")


def test_a_segfault_is_the_childs_own() -> None:
    def work(send: Send) -> None:
        send(b"before")
        faulthandler.disable()  # pytest's would print a page
        os.kill(os.getpid(), signal.SIGSEGV)

    assert ending(work) == ([b"before"], "killed by SIGSEGV")


def test_an_exception_ends_the_child_and_no_test_runner_in_it(capfd: pytest.CaptureFixture[str]) -> None:
    def work(_: Send) -> None:
        raise ValueError("of the child")

    assert ending(work) == ([], "ended with status 70")
    assert "of the child" in capfd.readouterr().err


def test_memory_beyond_the_limit_is_refused() -> None:
    def work(send: Send) -> None:
        blocks = []
        for _ in range(512):
            blocks.append(bytearray(b"x" * (1 << 22)))
            send(b"4 MiB")

    packets, how = ending(work, memory_mb=64)
    assert how == "ended with status 70"
    assert 2 < len(packets) < 256  # 64 MiB more, and whatever lay free in the parent's heap


def test_the_parent_may_use_memory_of_its_own_beside_it() -> None:
    ballast = bytearray(200 << 20)
    assert ending(lambda send: send(b"done"), memory_mb=64) == ([b"done"], "finished")
    assert ballast


def test_waiting_ends_when_nothing_comes() -> None:
    with IsolatedWork(lambda _: signal.pause(), memory_mb=64) as child:
        assert child.receive(0.02) is None


def test_leaving_kills_a_child_that_hangs_whatever_it_does_about_signals() -> None:
    def work(send: Send) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        send(str(os.getpid()).encode())
        while True:
            signal.pause()

    with IsolatedWork(work, memory_mb=64) as child:
        packet = child.receive(DEADLINE_S)
    assert packet is not None
    assert gone(int(packet))


def test_no_descriptors_are_left_open() -> None:
    before = descriptors()
    for _ in range(20):
        ending(lambda send: send(b"x"))
    assert descriptors() == before


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_child_can_be_forked_from_among_threads() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert ending(lambda send: send(b"x")) == ([b"x"], "finished")
    finally:
        stop.set()
        thread.join()


ORPHANING = """
import os, signal
from arxos.formats.ifc.isolation import IsolatedWork

def work(send):
    send(str(os.getpid()).encode())
    while True:
        signal.pause()

with IsolatedWork(work, memory_mb=64) as child:
    print(child.receive(10).decode(), flush=True)
    signal.pause()
"""


def test_the_child_dies_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHANING], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: gone(child))


POOLED = """
from billiard import get_context
from arxos.formats.ifc.isolation import ChildEndedError, IsolatedWork

def in_a_pool_process(_):
    with IsolatedWork(lambda send: send(b"from a daemon's child"), memory_mb=64) as child:
        return child.receive(10)

if __name__ == "__main__":
    with get_context("fork").Pool(1) as pool:
        print(pool.map(in_a_pool_process, [0])[0].decode())
"""


def test_the_daemonic_process_of_a_celery_pool_may_have_a_child(tmp_path: Path) -> None:
    script = tmp_path / "pooled.py"
    script.write_text(POOLED)
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, timeout=30,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert run.stdout.strip() == "from a daemon's child"
