from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.chance import SeededIds, SystemIds
from cloud.clock import FixedClock, SystemClock
from cloud.domain.errors import AlreadyExistsError
from cloud.services.ports import NOT_NULL, Before, Change, From, UnitOfWork, UpTo
from cloud.services.records import Courier, Shift
from cloud.services.records_ops import Account, Model
from cloud.store.columns import from_ms, to_ms
from cloud.store.database import open_memory
from cloud.store.secrets import AesGcmBox, SealBrokenError
from cloud.store.writer import InlineWriter
from tests.unit.cloud.small_cloud import MORNING, SmallCloud

HOUR = timedelta(hours=1)


def a_courier(number: int, **changes: Any) -> Courier:
    said = {"email": f"c{number}@x.test" if number % 2 else None, "created_at": MORNING + number * HOUR}
    return Courier(
        **{"id": f"c{number}", "name": "C", "phone": None, "language": "pl", "active": True} | said | changes
    )


@pytest.fixture
def do() -> Callable[[Callable[[UnitOfWork], Any]], Any]:
    writer = InlineWriter(open_memory())
    writer.now(lambda uow: uow.add(*(a_courier(number) for number in range(6))))
    return writer.now


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({}, "012345"),
        ({"id": "c3"}, "3"),
        ({"id": ("c1", "c5")}, "15"),
        ({"id": []}, ""),
        ({"email": None}, "024"),
        ({"email": NOT_NULL}, "135"),
        ({"created_at": Before(MORNING + 2 * HOUR)}, "01"),
        ({"created_at": UpTo(MORNING + 2 * HOUR)}, "012"),
        ({"created_at": From(MORNING + 4 * HOUR)}, "45"),
        ({"created_at": From(MORNING + 2 * HOUR), "email": None}, "24"),
    ],
)
def test_conditions_mean_what_they_say(do: Any, conditions: dict[str, Any], found: str) -> None:
    assert "".join(one.id[1] for one in do(lambda uow: uow.find(Courier, order="id", **conditions))) == found
    assert do(lambda uow: uow.count(Courier, **conditions)) == len(found)


def test_order_and_limit(do: Any) -> None:
    assert [one.id for one in do(lambda uow: uow.find(Courier, order="-created_at", limit=2))] == ["c5", "c4"]
    assert do(lambda uow: uow.first(Courier, order="language -id")).id == "c5"
    assert do(lambda uow: uow.first(Courier, id="none")) is None


def test_a_change_says_how_many_rows_it_met(do: Any) -> None:
    assert do(lambda uow: uow.change(Courier, {"email": None}, name="D")) == 3
    assert do(lambda uow: uow.change(Courier, {"id": "c1", "name": "D"}, name="E")) == 0


def test_many_changes_go_in_one_call(do: Any) -> None:
    changes = [Change({"id": f"c{number}", "email": None}, {"name": f"N{number}"}) for number in range(6)]
    do(lambda uow: uow.change_many(Courier, changes))
    do(lambda uow: uow.change_many(Courier, []))

    assert [one.name for one in do(lambda uow: uow.find(Courier, order="id"))] == ["N0", "C", "N2", "C", "N4", "C"]


def test_records_of_several_kinds_are_added_together(do: Any) -> None:
    do(lambda uow: uow.add(a_courier(7), Model(name="M", layout="{}", created_at=MORNING), a_courier(8)))

    assert do(lambda uow: (uow.count(Courier), uow.count(Model))) == (8, 1)


def test_removing_says_how_many(do: Any) -> None:
    assert do(lambda uow: uow.remove(Courier, email=None)) == 3
    assert do(lambda uow: uow.get(Courier, "c0")) is None


def test_a_taken_name_is_a_domain_error_and_a_missing_parent_a_fault(do: Any) -> None:
    with pytest.raises(AlreadyExistsError, match="this courier exists already"):
        do(lambda uow: uow.add(a_courier(1)))
    orphan = Account(
        id="a",
        login="x",
        name="x",
        password_hash="x",
        roles="operator",
        courier_id="nobody",
        created_at=MORNING,
        disabled_at=None,
    )
    with pytest.raises(IntegrityError):
        do(lambda uow: uow.add(orphan))


def test_times_survive_to_the_millisecond() -> None:
    cloud = SmallCloud()
    cloud.courier()
    shift = cloud.shift(starts_at=MORNING + timedelta(microseconds=1_234_999))

    assert cloud.the(Shift).starts_at == MORNING + timedelta(milliseconds=1_234)
    assert from_ms(to_ms(shift.ends_at)) == shift.ends_at


def test_a_sealed_secret_opens_only_at_its_own_row_with_its_own_key() -> None:
    box = AesGcmBox(b"m" * 32)
    sealed = box.seal(b"K_locker", "locker_key:1")

    assert box.unseal(sealed, "locker_key:1") == b"K_locker"
    assert b"K_locker" not in sealed
    assert box.seal(b"K_locker", "locker_key:1") != sealed
    tampered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for broken, about in ((sealed, "locker_key:2"), (tampered, "locker_key:1"), (b"", "locker_key:1")):
        with pytest.raises(SealBrokenError):
            box.unseal(broken, about)
    with pytest.raises(SealBrokenError):
        AesGcmBox(b"n" * 32).unseal(sealed, "locker_key:1")


def test_keys_for_different_purposes_differ_and_a_short_master_key_is_refused() -> None:
    box = AesGcmBox(b"m" * 32)
    assert box.derive("tracking/v1") != box.derive("session/v1")
    assert box.derive("tracking/v1") == AesGcmBox(b"m" * 32).derive("tracking/v1")
    with pytest.raises(ValueError, match="32 are needed"):
        AesGcmBox(b"short")


def test_chance_is_unpredictable_in_production_and_repeatable_in_a_world() -> None:
    system = SystemIds()
    assert system.new() != system.new()
    assert (len(system.new()), len(system.bytes(5)), system.below(1)) == (32, 5, 0)
    first, second = SeededIds(1), SeededIds(1)
    assert [first.new(), first.bytes(3), first.below(9)] == [second.new(), second.bytes(3), second.below(9)]


def test_clocks_tell_utc_and_a_fixed_one_stands() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    fixed = FixedClock(MORNING)
    fixed.move_to(MORNING + HOUR)
    assert fixed.now() == fixed.now() == MORNING + HOUR
