"""Running programs and waiting for them."""

import os
import sys

import pytest

from deploy.local.commands import CommandError, cpu_ticks, run, wait_until


def test_the_answer_is_what_the_program_printed() -> None:
    assert run([sys.executable, "-c", "print(' hello ')"]) == "hello"


def test_a_failure_names_the_program_and_quotes_its_last_words() -> None:
    with pytest.raises(CommandError, match=r"python.* failed: no such luck"):
        run([sys.executable, "-c", "import sys; print('first'); sys.exit('no such luck')"])


def test_a_program_sees_the_variables_given() -> None:
    assert run([sys.executable, "-c", "import os; print(os.environ['GIVEN'])"], {"GIVEN": "value"}) == "value"


def test_waiting_ends_when_it_happens() -> None:
    answers = iter([False, False, True])
    wait_until(lambda: next(answers), what="the third answer")


def test_waiting_in_vain_names_what_did_not_happen() -> None:
    with pytest.raises(CommandError, match="the end of time did not happen within 0 s"):
        wait_until(lambda: False, what="the end of time", timeout_s=0.01)


def test_what_gets_on_is_waited_for_longer() -> None:
    answers = iter([False] * 8 + [True])
    steps = iter(range(100))
    wait_until(lambda: next(answers), what="a slow start", timeout_s=0.01, progress=lambda: next(steps))


def test_the_cpu_time_of_a_process_group_grows_with_its_work() -> None:
    before = cpu_ticks(os.getpgrp())
    wait_until(lambda: cpu_ticks(os.getpgrp()) > before, what="work")
    assert cpu_ticks(0x7FFFFFFF) == 0
