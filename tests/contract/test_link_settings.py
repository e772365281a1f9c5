import pytest

from contract.link import Outgoing
from contract.link_settings import (
    SUBSCRIPTIONS_MAX,
    TAKEOVER_WINDOW_S,
    WORDS_KEPT,
    IdentityWatch,
    LinkSettings,
    LinkSettingsError,
    Reconnect,
    TakeoverGuard,
)

PLAN = Reconnect()


def ceiling(failures: int) -> float:
    return PLAN.delay_s(failures, lambda: 1.0)


def test_the_wait_is_drawn_from_the_whole_interval() -> None:
    assert PLAN.delay_s(1, lambda: 0.0) == PLAN.min_s
    assert PLAN.delay_s(1, lambda: 0.5) == (PLAN.min_s + PLAN.first_s) / 2


def test_the_ceiling_doubles_up_to_two_minutes_and_no_further() -> None:
    assert [ceiling(failures) for failures in (0, 1, 2, 3, 4, 5, 6, 10_000)] == [8, 8, 16, 32, 64, 120, 120, 120]


def test_a_ceiling_below_the_minimum_waits_the_minimum() -> None:
    assert Reconnect(min_s=5, first_s=1, max_s=2).delay_s(1, lambda: 1.0) == 5


@pytest.mark.parametrize(
    ("seen_s", "enough"),
    [
        ((0.0, 10.0), False),
        ((0.0, 10.0, TAKEOVER_WINDOW_S), True),
        ((0.0, 10.0, TAKEOVER_WINDOW_S + 1), False),
        ((0.0, 50.0, 80.0, 100.0), True),
    ],
)
def test_three_takeovers_within_a_minute_are_enough(seen_s: tuple[float, ...], enough: bool) -> None:  # noqa: FBT001 - a table
    guard = TakeoverGuard()
    for moment_s in seen_s:
        guard.saw_one(moment_s)

    assert guard.is_enough(seen_s[-1]) is enough


def test_old_takeovers_are_forgotten() -> None:
    guard = TakeoverGuard()
    for moment_s in (0.0, 1.0, 2.0):
        guard.saw_one(moment_s)

    assert not guard.is_enough(TAKEOVER_WINDOW_S + 1)


def words(payload: str, topic: str = "state") -> Outgoing:
    return Outgoing(topic, payload.encode())


def watch() -> IdentityWatch:
    """Watch ``state`` after a will and a birth were said and the birth was taken."""
    made = IdentityWatch("state")
    made.say(words("offline 1"))
    made.say(words("online 1"))
    made.heard(words("online 1"))
    return made


def test_our_own_words_and_wills_are_not_foreign() -> None:
    ours = watch()

    assert not ours.is_foreign(b"online 1")
    assert not ours.is_foreign(b"offline 1")
    assert ours.is_foreign(b"online 2")


def test_an_emptied_topic_is_not_foreign() -> None:
    assert not watch().is_foreign(b"")


def test_an_earlier_life_of_ours_is_not_foreign_before_we_were_heard() -> None:
    fresh = IdentityWatch("state")
    fresh.say(words("online 2"))
    fresh.heard(words("something else", topic="up"))

    assert not fresh.is_foreign(b"online 1")


def test_other_topics_and_no_topic_are_never_ours() -> None:
    silent = IdentityWatch(None)
    silent.say(None)
    silent.say(words("anything"))

    assert not silent.is_ours("state")
    assert not watch().is_ours("up")


def test_only_the_last_words_are_kept() -> None:
    talkative = watch()
    for number in range(WORDS_KEPT):
        talkative.say(words(str(number)))

    assert talkative.is_foreign(b"online 1")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"client_id": ""}, "client id"),
        ({"client_id": "x", "keepalive_s": 0}, "keep-alive"),
        ({"client_id": "x", "subscriptions": (("a", 2),)}, "QoS"),
        ({"client_id": "x", "subscriptions": (("a", -1),)}, "QoS"),
        ({"client_id": "x", "subscriptions": (("a", 1),) * (SUBSCRIPTIONS_MAX + 1)}, "at most 16"),
    ],
)
def test_settings_that_no_link_could_honour_are_refused(settings: dict[str, object], why: str) -> None:
    with pytest.raises(LinkSettingsError, match=why):
        LinkSettings(**settings)  # type: ignore[arg-type] # a table of wrong settings has no one type
