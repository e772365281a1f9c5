from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.domain.access import GrantIds, collect_grant, drop_off_grant, pick_up_grant, unix
from cloud.domain.actors import SYSTEM, Actor, Role, actor, require
from cloud.domain.assignment import Agreement, Obstacle, Scope, obstacles
from cloud.domain.custody import Custodian, CustodianKind, CustodyEntry, custodian_at, handovers, parse_custodian
from cloud.domain.errors import (
    AssignmentRefusedError,
    BrokenChainError,
    ForbiddenError,
    InvalidError,
    LimitReachedError,
    NoCapacityError,
    NotFoundError,
    ShiftOverlapsError,
)
from cloud.domain.fit import HEAVY_G
from cloud.domain.ids import grant_id, group_id, message_id, parcel_id, parcel_ref
from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.parcel import Parcel
from cloud.domain.places import distance_m
from cloud.domain.windows import Window, promised
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import MORNING, SmallCloud

HOUR = timedelta(hours=1)
ANYWHERE = Agreement("carrier:acme", MORNING, Scope.IF_ABSENT, None, 1_500)


@pytest.fixture
def parcel() -> Parcel:
    return SmallCloud().a_parcel("P1")


@pytest.fixture
def locker() -> Locker:
    cloud = SmallCloud()
    cloud.locker()
    return cloud.the(Locker, id="WAW-01")


def test_a_parcel_with_consent_may_go_to_a_locker_nearby(parcel: Parcel, locker: Locker) -> None:
    assert obstacles(parcel, locker, [ANYWHERE], 400) == ()


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({"locker_allowed": False}, Obstacle.NOT_ALLOWED),
        ({"perishable": True}, Obstacle.PERISHABLE),
        ({"temperature_controlled": True}, Obstacle.TEMPERATURE),
        ({"length_mm": 2_000}, Obstacle.TOO_LARGE),
        ({"weight_g": 40_000}, Obstacle.TOO_HEAVY),
        ({"recipient_email": None}, Obstacle.NO_CONTACT),
    ],
)
def test_content_forbids(parcel: Parcel, locker: Locker, change: dict[str, object], obstacle: Obstacle) -> None:
    assert obstacles(replace(parcel, **change), locker, [ANYWHERE], 400) == (obstacle,)  # type: ignore[arg-type] # a table of fields


@pytest.mark.parametrize("change", [{"status": LockerStatus.QUARANTINED}, {"intake_open": False}])
def test_a_locker_that_takes_nothing_forbids(parcel: Parcel, locker: Locker, change: dict[str, object]) -> None:
    closed = replace(locker, **change)  # type: ignore[arg-type] # a table of fields

    assert obstacles(parcel, closed, [ANYWHERE], 400) == (Obstacle.LOCKER_CLOSED,)


@pytest.mark.parametrize(
    ("agreements", "metres", "expected"),
    [
        ([], 10, (Obstacle.NO_CONSENT,)),
        ([replace(ANYWHERE, withdrawn=True)], 10, (Obstacle.NO_CONSENT,)),
        ([replace(ANYWHERE, locker_id="WAW-01")], 90_000, ()),
        ([replace(ANYWHERE, locker_id="WAW-02")], 10, (Obstacle.OTHER_LOCKER_CONSENTED,)),
        ([ANYWHERE], 1_501, (Obstacle.TOO_FAR,)),
        ([ANYWHERE, replace(ANYWHERE, walk_m_max=3_000)], 1_501, ()),
    ],
)
def test_consent_is_checked_with_its_scope(
    parcel: Parcel, locker: Locker, agreements: list[Agreement], metres: float, expected: tuple[Obstacle, ...]
) -> None:
    assert obstacles(parcel, locker, agreements, metres) == expected


def test_all_obstacles_are_named_at_once(parcel: Parcel, locker: Locker) -> None:
    bad = replace(parcel, perishable=True, locker_allowed=False)
    found = obstacles(bad, locker, [], 0)

    assert found == (Obstacle.NOT_ALLOWED, Obstacle.PERISHABLE, Obstacle.NO_CONSENT)
    assert "perishable" in str(AssignmentRefusedError(found))


def test_grants_say_what_the_parcel_needs_and_nothing_about_its_recipient(parcel: Parcel) -> None:
    heavy = replace(parcel, weight_g=HEAVY_G + 1, low_door=True)
    ids = GrantIds("11" * 16, "22" * 16, "33" * 16)
    drop_off = drop_off_grant(heavy, ids, SizeClass.M, MORNING)
    pick_up = pick_up_grant(heavy, ids, b"v" * 32, MORNING)
    collect = collect_grant(heavy, "44" * 16, "55" * 16, MORNING, "expired")

    assert (drop_off.parcel, drop_off.size, drop_off.heavy, drop_off.low_door) == (
        parcel_ref(parcel.id),
        SizeClass.M,
        True,
        True,
    )
    assert drop_off.label.hex() == parcel.label_digest
    assert drop_off.group == pick_up.group == group_id(ids.group)
    assert collect.group != pick_up.group
    assert drop_off.expires_at == unix(MORNING)
    assert (drop_off.id, pick_up.id) == (grant_id(ids.drop_off), grant_id(ids.pick_up))


def test_ids_go_to_the_wire_and_back() -> None:
    assert parcel_id(parcel_ref("ab" * 16)) == "ab" * 16
    assert message_id("cd" * 16).hex() == "cd" * 16


def test_one_custodian_answers_at_every_moment() -> None:
    ledger = [
        CustodyEntry(MORNING, "carrier:acme", "announced"),
        CustodyEntry(MORNING + HOUR, "courier:c", "loaded"),
        CustodyEntry(MORNING + 2 * HOUR, "courier:c", "attempt_failed"),
        CustodyEntry(MORNING + 3 * HOUR, "locker:L", "dropped_off"),
    ]

    assert custodian_at(ledger, MORNING - HOUR) is None
    assert custodian_at(ledger, MORNING + HOUR / 2) == "carrier:acme"
    assert custodian_at(ledger, MORNING + 2 * HOUR) == "courier:c"
    assert [one.happened for one in handovers(ledger)] == ["announced", "loaded", "dropped_off"]


def test_custodians_are_written_and_read() -> None:
    assert parse_custodian("locker:WAW-01") == Custodian(CustodianKind.LOCKER, "WAW-01")
    assert str(parse_custodian("recipient")) == "recipient"
    with pytest.raises(InvalidError, match="nobody"):
        parse_custodian("thief:x")


def test_roles_open_verbs_and_the_system_may_do_all() -> None:
    require(actor(Role.OPERATOR, "olga"), Role.OPERATOR, Role.SUPPORT)
    require(SYSTEM, Role.OPERATOR)
    with pytest.raises(ForbiddenError, match="needs the role operator"):
        require(actor(Role.COURIER, "c"), Role.OPERATOR)
    assert str(actor(Role.COURIER, "c")) == "courier:c"
    assert str(Actor("x", frozenset())) == "nobody:x"


def test_windows_are_promises_of_a_sensible_length() -> None:
    assert promised(None, None) is None
    assert promised(MORNING, MORNING + HOUR) == Window(MORNING, MORNING + HOUR)
    for begins, ends in ((MORNING, None), (None, MORNING), (MORNING, MORNING), (MORNING, MORNING + 25 * HOUR)):
        with pytest.raises(InvalidError):
            promised(begins, ends)


def test_a_window_knows_what_it_holds_and_how_late_one_is() -> None:
    window = Window(MORNING, MORNING + HOUR)

    assert window.holds(MORNING + HOUR)
    assert not window.holds(MORNING + 2 * HOUR)
    assert window.late_by(MORNING) == timedelta(0)
    assert window.late_by(MORNING + 2 * HOUR) == HOUR
    assert window.within(Window(MORNING + HOUR / 2, MORNING + 9 * HOUR)) == Window(MORNING + HOUR / 2, MORNING + HOUR)
    assert window.within(Window(MORNING + HOUR, MORNING + 9 * HOUR)) is None


def test_distances_on_the_ground() -> None:
    one_degree = distance_m(21.0, 52.0, 21.0, 53.0)
    assert 111_000 < one_degree < 111_400
    assert distance_m(21.0, 52.0, 21.0, 52.0) == 0


def test_errors_carry_their_facts() -> None:
    assert (NotFoundError("locker", "X").what, NoCapacityError("WAW-01", "M").size) == ("locker", "M")
    assert "try again in 5 s" in str(LimitReachedError("too fast", timedelta(seconds=5)))
    assert "sequence 7" in str(BrokenChainError("WAW-01", 7, "gap"))
    begins = datetime(2026, 11, 23, 8, tzinfo=UTC)
    overlap = ShiftOverlapsError("5f", begins, begins + timedelta(hours=8))
    assert (overlap.field, overlap.shift, overlap.why) == (
        "starts_at",
        "5f",
        "this courier drives from 08:00 to 16:00 already",
    )
