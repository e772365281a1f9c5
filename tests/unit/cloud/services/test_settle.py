from datetime import timedelta

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError
from cloud.services.ports import Act
from cloud.services.records_ops import Alarm, AuditEntry, SupportCase
from cloud.services.see_alarm import see_alarm
from cloud.services.settle import settle_alarm, settle_case
from contract.events import DoorForced, ProblemReported
from tests.unit.cloud.small_cloud import A01, Journal, SmallCloud


@pytest.fixture
def cloud() -> SmallCloud:
    return SmallCloud()


@pytest.fixture
def locker(cloud: SmallCloud) -> Journal:
    return cloud.locker()


def support(cloud: SmallCloud) -> Act:
    return Act(actor(Role.SUPPORT, "sue"), cloud.now, cloud.act().ids)


def test_a_settled_case_is_closed_once_and_the_audit_says_by_whom(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(ProblemReported("empty", A01))
    case = cloud.the(SupportCase)
    cloud.do(lambda uow: settle_case(uow, support(cloud), case.id))
    closed_at = cloud.now
    cloud.later(hours=1)
    cloud.do(lambda uow: settle_case(uow, support(cloud), case.id))

    assert cloud.the(SupportCase).closed_at == closed_at
    assert [(one.action, one.actor) for one in cloud.of(AuditEntry, action="settle_case")] == [
        ("settle_case", str(support(cloud).actor))
    ]


def test_an_alarm_is_taken_first_and_then_done(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(DoorForced(A01))
    alarm = cloud.the(Alarm)
    with pytest.raises(ConflictError):
        cloud.do(lambda uow: settle_alarm(uow, support(cloud), alarm.id))
    cloud.do(lambda uow: see_alarm(uow, support(cloud), alarm.id))
    for _ in range(2):
        cloud.do(lambda uow: settle_alarm(uow, support(cloud), alarm.id))
        cloud.later(hours=1)

    assert cloud.the(Alarm).cleared_at == cloud.now - timedelta(hours=2)


def test_a_courier_settles_nothing(cloud: SmallCloud, locker: Journal) -> None:
    locker.say(ProblemReported("empty", A01))
    case = cloud.the(SupportCase)
    courier = Act(actor(Role.COURIER, "cezary"), cloud.now, cloud.act().ids)

    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: settle_case(uow, courier, case.id))
