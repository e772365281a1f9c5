"""What pages make of records, without a page."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.domain.parcel import ParcelState
from cloud.services.records import CommandState, HistoryEntry
from cloud.services.records_ops import CommandSent
from cloud.web.console_view import CommandView
from cloud.web.courier import failed_attempt
from cloud.web.dates import Dates
from cloud.web.frame import Tiles
from cloud.web.tracking_view import Mark, steps

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WARSAW = ZoneInfo("Europe/Warsaw")


def history(*happened: str) -> list[HistoryEntry]:
    return [
        HistoryEntry(
            number=number,
            parcel_id="p",
            at=NOON + timedelta(minutes=number),
            recorded_at=NOON,
            happened=one,
            state="",
            custodian="",
            actor="",
            locker_id=None,
            compartment=None,
            detail="",
        )
        for number, one in enumerate(happened)
    ]


def chain(state: ParcelState, *happened: str) -> list[str]:
    return [f"{step.name}:{step.mark}" for step in steps(state, history(*happened))]


def test_a_parcel_on_its_way_shows_where_it_goes() -> None:
    assert chain(ParcelState.OUT_FOR_DELIVERY, "announced", "planned", "loaded") == [
        "announced:done",
        "on_the_way:now",
        "delivered:ahead",
    ]


def test_a_failed_attempt_that_became_a_pick_up_shows_the_whole_way() -> None:
    happened = ("announced", "planned", "loaded", "attempt_failed", "assigned_to_locker", "dropped_off")
    assert chain(ParcelState.READY_FOR_PICKUP, *happened) == [
        "announced:done",
        "on_the_way:done",
        "attempt_failed:done",
        "to_locker:done",
        "ready:now",
        "picked_up:ahead",
    ]


@pytest.mark.parametrize("state", list(ParcelState))
@pytest.mark.parametrize("happened", [(), ("announced", "loaded", "attempt_failed", "dropped_off", "expired")])
def test_every_state_has_exactly_one_step_now(state: ParcelState, happened: tuple[str, ...]) -> None:
    marks = [step.mark for step in steps(state, history(*happened))]

    assert marks.count(Mark.NOW) == 1
    assert marks == sorted(marks, key=[Mark.DONE, Mark.NOW, Mark.AHEAD].index)


def test_a_step_says_when_it_happened() -> None:
    shown = steps(ParcelState.OUT_FOR_DELIVERY, history("announced", "loaded"))

    assert [step.at for step in shown] == [NOON, NOON + timedelta(minutes=1), None]


def test_a_locker_promised_before_the_van_left_turns_no_clock_back() -> None:
    happened = ("announced", "assigned_to_locker", "loaded", "dropped_off", "picked_up")

    shown = steps(ParcelState.PICKED_UP, history(*happened))

    assert [step.name for step in shown] == ["announced", "on_the_way", "to_locker", "ready", "picked_up"]
    times = [step.at for step in shown if step.at is not None]
    assert len(times) == 5
    assert times == sorted(times)


def test_times_are_said_where_the_locker_stands() -> None:
    say = Dates("en", WARSAW, NOON, "just now")

    assert say.clock(NOON) == "13:00"
    assert say.moment(NOON + timedelta(hours=20)) == "Tue 24 Nov, 09:00"
    assert say.ago(NOON - timedelta(seconds=20)) == "just now"
    assert say.ago(NOON - timedelta(minutes=3)) == "3 minutes ago"
    assert say.span(timedelta(hours=47, minutes=59)) == "1 day 23 hr"
    assert say.span(timedelta(seconds=-5)) == "0 min"
    assert say.readable("until 2026-11-23T12:30:00+00:00.") == "until 13:30."


def command(state: CommandState, **times: datetime) -> CommandSent:
    heard = dict.fromkeys(("sent_at", "accepted_at", "opened_at", "ended_at")) | times
    return CommandSent(
        id="c",
        locker_id="WAW-CEN",
        kind="remote_open",
        compartment="A01",
        group_id=None,
        actor="operator:olga",
        reason="jammed",
        state=state,
        issued_at=NOON,
        expires_at=NOON + timedelta(seconds=60),
        refusal=None,
        sent_at=heard["sent_at"],
        accepted_at=heard["accepted_at"],
        opened_at=heard["opened_at"],
        ended_at=heard["ended_at"],
    )


def test_a_published_open_is_not_shown_as_opened() -> None:
    shown = CommandView(command(CommandState.SENT, sent_at=NOON))

    assert [step.name for step in shown.steps if step.done] == ["queued", "sent"]
    assert not shown.is_over
    assert shown.bad is None


def test_a_refused_open_ends_with_the_refusal_and_nothing_of_opened() -> None:
    shown = CommandView(command(CommandState.REFUSED, ended_at=NOON))

    assert [step.name for step in shown.steps] == ["queued", "sent", "accepted", "refused"]
    assert shown.bad is CommandState.REFUSED


def test_an_expired_open_claims_no_step_nobody_heard_of() -> None:
    shown = CommandView(command(CommandState.EXPIRED, ended_at=NOON))

    assert [step.name for step in shown.steps if step.done] == ["queued", "expired"]


def test_an_opened_door_proves_the_steps_before() -> None:
    shown = CommandView(command(CommandState.OPENED, opened_at=NOON))

    assert all(step.done for step in shown.steps)


@pytest.mark.parametrize(
    ("lon", "lat", "place"),
    [
        ("21.01", "52.2", (21.01, 52.2)),
        ("", "", (None, None)),
        ("21.01", "", (None, None)),
        ("nan", "52", (None, None)),
        ("999", "52", (None, None)),
    ],
)
def test_a_place_counts_only_when_the_phone_said_a_whole_one(
    lon: str, lat: str, place: tuple[float | None, float | None]
) -> None:
    failed = failed_attempt("p", "c", {"reason": "nobody_home", "lon": lon, "lat": lat})

    assert (failed.lon, failed.lat) == place


def test_only_the_tiles_an_operator_set_pass_the_policy() -> None:
    assert Tiles("https://{s}.tile.example/{z}/{x}/{y}.png").origin == "https://*.tile.example"
