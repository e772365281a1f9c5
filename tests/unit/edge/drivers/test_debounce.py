from hypothesis import given
from hypothesis import strategies as st

from contract.state import DoorLevel
from edge.drivers.debounce import CHATTER_MS_MAX, Debounced, sampled, settles_at_ms

OPEN, CLOSED, UNKNOWN = DoorLevel.OPEN, DoorLevel.CLOSED, DoorLevel.UNKNOWN
DEBOUNCE_MS = 30


def after(samples: list[tuple[int, DoorLevel]]) -> Debounced:
    contact = Debounced.unread(0)
    for at_ms, raw in samples:
        contact = sampled(contact, raw, at_ms, DEBOUNCE_MS)
    return contact


def test_a_door_is_unknown_until_it_has_been_steady() -> None:
    assert after([(0, CLOSED)]).level == UNKNOWN
    assert after([(0, CLOSED), (29, CLOSED)]).level == UNKNOWN
    assert after([(0, CLOSED), (30, CLOSED)]).level == CLOSED


def test_a_bounce_does_not_count() -> None:
    assert after([(0, CLOSED), (30, CLOSED), (100, OPEN), (105, CLOSED), (200, CLOSED)]).level == CLOSED


def test_every_bounce_begins_the_wait_anew() -> None:
    bouncing = [(0, CLOSED), (30, CLOSED), (100, OPEN), (110, CLOSED), (115, OPEN), (144, OPEN)]
    assert after(bouncing).level == CLOSED
    assert after([*bouncing, (145, OPEN)]).level == OPEN


def test_a_contact_that_never_settles_is_unknown() -> None:
    chatter = [(at_ms, OPEN if at_ms % 20 else CLOSED) for at_ms in range(0, CHATTER_MS_MAX + 20, 10)]
    assert after([(0, CLOSED), *chatter]).level == UNKNOWN


def test_a_contact_that_was_closed_and_chatters_becomes_unknown_and_recovers() -> None:
    calm = [(0, CLOSED), (30, CLOSED)]
    chatter = [(at_ms, CLOSED if at_ms % 20 else OPEN) for at_ms in range(100, CHATTER_MS_MAX + 120, 10)]
    assert after([*calm, *chatter[:50]]).level == CLOSED
    assert after([*calm, *chatter]).level == UNKNOWN
    assert after([*calm, *chatter, (9_000, CLOSED), (9_030, CLOSED)]).level == CLOSED


def test_a_calm_contact_needs_no_further_look() -> None:
    assert settles_at_ms(after([(0, CLOSED), (30, CLOSED)]), DEBOUNCE_MS) is None
    assert settles_at_ms(after([(0, CLOSED), (30, CLOSED), (40, OPEN)]), DEBOUNCE_MS) == 70


def test_a_sample_older_than_the_last_counts_as_taken_with_it() -> None:
    contact = after([(0, CLOSED), (30, CLOSED), (100, OPEN), (95, CLOSED), (129, CLOSED)])
    assert contact.level == CLOSED
    assert contact.raw_since_ms == 100


@given(st.lists(st.tuples(st.integers(1, 500), st.sampled_from([OPEN, CLOSED])), min_size=1, max_size=60))
def test_a_level_counts_only_after_the_debounce_time(steps: list[tuple[int, DoorLevel]]) -> None:
    contact, now_ms, said, since_ms = Debounced.unread(0), 0, UNKNOWN, 0
    for wait_ms, raw in steps:
        now_ms += wait_ms
        since_ms = since_ms if raw == said else now_ms
        said = raw
        before, contact = contact, sampled(contact, raw, now_ms, DEBOUNCE_MS)
        if contact.level not in (before.level, UNKNOWN):
            assert contact.level == said
            assert now_ms - since_ms >= DEBOUNCE_MS
