"""An operator opens a counter, sets its hours, and says who works there no more."""

from dataclasses import replace

import pytest

from cloud.domain.errors import AlreadyExistsError, ForbiddenError, InvalidError
from cloud.domain.locker import Locker, LockerStatus, PointKind
from cloud.services.counter_hours import close_on, set_hours, today_at
from cloud.services.counter_open import open_counter
from cloud.services.counter_staff import end_account
from cloud.services.records_ops import Account, AuditEntry
from contract.ids import LockerId
from tests.unit.cloud.services.counters import OTHER_SHOP, SHOP, SHOP_HOURS, SMALL_SHELF, shop
from tests.unit.cloud.small_cloud import LINE, OPERATOR, SmallCloud

ROW = replace(LINE, id=LockerId(SHOP), kind=PointKind.COUNTER, shelf=SMALL_SHELF, opening_hours=SHOP_HOURS, model="")


@pytest.fixture
def cloud() -> SmallCloud:
    return SmallCloud()


def opened(cloud: SmallCloud, row: object = ROW) -> Locker:
    return cloud.do(lambda uow: open_counter(uow, cloud.act(OPERATOR), row, "Europe/Warsaw"))  # type: ignore[arg-type]  # one row is wrong on purpose


def test_a_counter_is_opened_by_hand_and_waits_for_its_first_staff(cloud: SmallCloud) -> None:
    made = opened(cloud)

    assert (made.kind, made.status, made.opening_hours) == (PointKind.COUNTER, LockerStatus.ANNOUNCED, SHOP_HOURS)
    with pytest.raises(AlreadyExistsError):
        opened(cloud)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"opening_hours": "sometimes"}, "opening_hours"),
        ({"shelf": ()}, "shelf"),
        ({"kind": PointKind.LOCKER}, "kind"),
    ],
)
def test_what_is_no_counter_is_refused_with_the_field(
    cloud: SmallCloud, changed: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        opened(cloud, replace(ROW, **changed))  # type: ignore[arg-type]  # see above

    assert refused.value.field == field
    assert cloud.of(Locker, id=SHOP) == []


def test_new_hours_keep_the_single_days_off(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    day = today_at(cloud.the(Locker, id=SHOP), cloud.now)
    cloud.do(lambda uow: close_on(uow, cloud.act(staff), SHOP, day))

    for _ in range(2):
        cloud.do(lambda uow: set_hours(uow, cloud.act(OPERATOR), SHOP, "PN-PT 8-16"))

    hours = cloud.the(Locker, id=SHOP).opening_hours
    assert hours.startswith("Mo-Fr 08:00-16:00; ")
    assert hours.endswith(" off")
    assert len(cloud.of(AuditEntry, action="set_hours")) == 1


def test_who_works_there_no_more_is_known_no_more(cloud: SmallCloud) -> None:
    shop(cloud)
    account = cloud.the(Account, counter_id=SHOP)

    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: end_account(uow, cloud.act(OPERATOR), OTHER_SHOP, account.id))
    for _ in range(2):
        cloud.do(lambda uow: end_account(uow, cloud.act(OPERATOR), SHOP, account.id))

    assert cloud.the(Account, id=account.id).disabled_at == cloud.now
    assert len(cloud.of(AuditEntry, action="end_account")) == 1
