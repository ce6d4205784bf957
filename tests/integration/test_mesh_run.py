"""Every product gets a verdict, whatever the children that make its mesh come to."""

import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from arxos.domain.buildings.model_reader import GeometryState, Limits, Mesh, no_progress
from arxos.domain.errors import CancelledError
from arxos.formats.ifc.isolation import Send
from arxos.formats.ifc.mesh_packet import pack_began, pack_failed, pack_shape
from arxos.formats.ifc.mesh_run import MeshRun, Tessellate

NAMES = {step: f"product-{step}" for step in range(1, 7)}
QUICK = Limits(product_s=0.6, model_s=30.0, memory_mb=256)


def shape(step: int) -> bytes:
    return pack_shape(step, np.eye(3).tobytes(), np.arange(3, dtype=np.int32).tobytes())


def crash() -> None:
    faulthandler.disable()  # pytest's would print a page for each crash
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    signal.pause()


def exhaust() -> None:
    bytearray(1 << 32)


def at_once(misfortunes: dict[int, Callable[[], None]], left_out: Iterable[int] = ()) -> Tessellate:
    def tessellate(steps: Sequence[int], send: Send) -> None:
        for step in steps:
            misfortunes.get(step, lambda: None)()
            if step not in left_out:
                send(shape(step))

    return tessellate


def alone(misfortunes: dict[int, Callable[[], None]]) -> Tessellate:
    def tessellate(steps: Sequence[int], send: Send) -> None:
        for step in steps:
            send(pack_began(step))
            misfortunes.get(step, lambda: None)()
            send(shape(step))

    return tessellate


def run(
    all_at_once: Tessellate, one_by_one: Tessellate, limits: Limits = QUICK, shaped: Iterable[int] = NAMES
) -> dict[str, Mesh]:
    meshes = list(MeshRun(NAMES, shaped, limits, no_progress).meshes(all_at_once, one_by_one))
    assert len(meshes) == len(NAMES), "one verdict for each product"
    return {mesh.global_id: mesh for mesh in meshes}


def states(meshes: dict[str, Mesh]) -> list[str]:
    return [meshes[name].state.value for name in NAMES.values()]


def test_all_meshes_come_from_one_child_where_nothing_goes_wrong() -> None:
    def refuse(_steps: Sequence[int], _send: Send) -> None:
        raise AssertionError("no second child is needed")

    meshes = run(at_once({}), refuse)

    assert states(meshes) == ["done"] * 6
    assert np.array_equal(meshes["product-3"].vertices, np.eye(3))
    assert meshes["product-3"].faces.tolist() == [[0, 1, 2]]


def test_products_without_a_surface_are_empty() -> None:
    assert states(run(at_once({}), alone({}), shaped=[1, 2, 3])) == ["done"] * 3 + ["empty"] * 3


def test_only_the_product_that_crashes_its_process_is_lost() -> None:
    meshes = run(at_once({3: crash}), alone({3: crash}))
    assert states(meshes) == ["done", "done", "failed", "done", "done", "done"]
    assert meshes["product-3"].note == "its process was killed by SIGSEGV"


def test_only_the_product_that_hangs_is_lost() -> None:
    meshes = run(at_once({3: hang}), alone({3: hang}))
    assert states(meshes) == ["done", "done", "timed_out", "done", "done", "done"]
    assert meshes["product-3"].note == "took longer than 0.6 s"


def test_the_first_and_the_last_may_be_the_bad_ones() -> None:
    bad = {1: crash, 6: hang}
    assert states(run(at_once(bad), alone(bad))) == ["failed", "done", "done", "done", "done", "timed_out"]


def test_a_product_that_eats_all_memory_fails_alone() -> None:
    bad = {4: exhaust}
    assert states(run(at_once(bad), alone(bad))) == ["done", "done", "done", "failed", "done", "done"]


def test_memory_that_filled_up_over_many_products_is_not_held_against_one() -> None:
    done_by_this_process: list[int] = []

    def third_time_unlucky(steps: Sequence[int], send: Send) -> None:
        for step in steps:
            send(pack_began(step))
            if len(done_by_this_process) == 2:
                crash()
            done_by_this_process.append(step)
            send(shape(step))

    assert states(run(at_once({1: crash}), third_time_unlucky)) == ["done"] * 6


def test_a_product_that_is_made_twice_is_delivered_once() -> None:
    def stutter(steps: Sequence[int], send: Send) -> None:
        for step in steps:
            send(shape(step))
            send(shape(step))

    assert states(run(stutter, alone({}))) == ["done"] * 6


def test_what_the_kernel_leaves_out_is_asked_for_by_itself() -> None:
    def explain(steps: Sequence[int], send: Send) -> None:
        assert list(steps) == [2, 5]
        send(pack_began(2))
        send(pack_failed(2, "Failed to process shape"))
        send(pack_began(5))
        send(pack_shape(5, b"", b""))

    meshes = run(at_once({}, left_out=[2, 5]), explain)

    assert states(meshes) == ["done", "failed", "done", "done", "empty", "done"]
    assert meshes["product-2"].note == "Failed to process shape"


def test_what_is_missing_when_the_models_time_is_over_has_timed_out() -> None:
    meshes = run(at_once({3: hang}), alone({}), Limits(product_s=60.0, model_s=0.3, memory_mb=256))
    assert states(meshes) == ["done", "done"] + ["timed_out"] * 4
    assert meshes["product-6"].note == "the model's 0.3 s were over"


def test_children_that_cannot_even_begin_are_not_tried_for_ever() -> None:
    def stillborn(_steps: Sequence[int], _send: Send) -> None:
        crash()

    meshes = run(stillborn, stillborn)
    assert states(meshes) == ["failed"] * 6
    assert meshes["product-1"].note == "no child process could be made to work"


def test_the_time_of_whoever_takes_the_meshes_is_not_the_childs_silence() -> None:
    def dawdle(mesh: Mesh) -> GeometryState:
        threading.Event().wait(0.15)  # the work of the consumer, in sum longer than a product may take
        return mesh.state

    meshes = MeshRun(NAMES, NAMES, Limits(product_s=0.1, model_s=30.0), no_progress).meshes(
        at_once({}), alone({1: crash})
    )
    assert [dawdle(mesh) for mesh in meshes] == [GeometryState.DONE] * 6


def test_cancelling_ends_the_child() -> None:
    seen: list[tuple[float, str]] = []

    def progress(done: float, note: str) -> None:
        seen.append((done, note))
        if done > 0.3:
            raise CancelledError("somebody cancelled the job")

    before = children()
    with pytest.raises(CancelledError):
        list(MeshRun(NAMES, NAMES, QUICK, progress).meshes(at_once({3: hang}), alone({})))
    assert children() == before
    assert seen[0] == (0.0, "0 of 6 shapes")
    assert seen[-1] == (2 / 6, "2 of 6 shapes")


def test_leaving_the_iterator_half_way_ends_the_child() -> None:
    before = children()
    meshes = MeshRun(NAMES, NAMES, QUICK, no_progress).meshes(at_once({}), alone({}))
    next(iter(meshes))
    meshes.close()  # type: ignore[attr-defined]
    assert children() == before


def children() -> set[int]:
    """The processes that this one has begun and not reaped."""
    threads = Path("/proc/self/task").iterdir()
    return {int(pid) for thread in threads for pid in (thread / "children").read_text().split()}
