"""What whoever wonders why nothing starts is told of the relays."""

from arxos.domain.jobs.relay import RelayState, complaint

FULL = "the broker is full (OOM)"


def test_a_healthy_relay_is_not_spoken_of() -> None:
    assert complaint(RelayState(alive=1, silent_s=1.0)) is None


def test_a_relay_in_trouble_says_what_for_how_long_and_what_waits() -> None:
    state = RelayState(alive=1, trouble=FULL, trouble_s=12.4, waiting=240)
    assert complaint(state) == "the relay cannot publish for 12 s: the broker is full (OOM); 240 due jobs wait"


def test_that_no_relay_lives_is_said_where_jobs_wait_for_one() -> None:
    assert complaint(RelayState(alive=0)) is None
    assert complaint(RelayState(alive=0, waiting=1)) == (
        "no relay is alive: start one with `arxos relay`; 1 due job waits"
    )
    assert "the last was heard 34 s ago" in str(complaint(RelayState(alive=0, silent_s=34.2, waiting=2)))
