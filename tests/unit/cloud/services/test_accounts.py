"""An account is taken away: nobody signs in with it, its keys count no more, its name stays, and somebody is left."""

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError
from cloud.services.accounts import end_account, standing_accounts
from cloud.services.records_bulk import OperatorKeyRecord
from cloud.services.records_ops import Account, AuditEntry
from tests.unit.cloud.services.bulk_street import OLGA, OLGAS, PAUL, PAULS, RITA, BulkCloud


@pytest.fixture
def cloud() -> BulkCloud:
    return BulkCloud()


def ends(cloud: BulkCloud, who: str, by: str = "paul") -> None:
    cloud.do(lambda uow: end_account(uow, cloud.act(actor(Role.OPERATOR, by)), who))


def test_an_account_that_was_taken_away_keeps_its_name_and_loses_its_keys(cloud: BulkCloud) -> None:
    for _ in range(2):
        ends(cloud, "olga")

    account = cloud.the(Account, id="olga")
    assert (account.name, account.disabled_at) == ("Olga", cloud.now)
    assert cloud.the(OperatorKeyRecord, account_id="olga").revoked_by == "paul"
    assert cloud.the(OperatorKeyRecord, account_id="paul").revoked_at is None
    assert [one.action for one in cloud.of(AuditEntry, order="sequence")][-2:] == [
        "end_account",
        "revoke_operator_key",
    ]
    standing = cloud.do(lambda uow: standing_accounts(uow, cloud.act(PAUL)))
    assert [one.id for one in standing] == ["paul", "rita"]


def test_what_somebody_signed_before_opens_nothing_once_they_are_gone(cloud: BulkCloud) -> None:
    asked = cloud.asks()
    cloud.signs(asked, OLGA, OLGAS)
    ends(cloud, "olga")

    with pytest.raises(ConflictError, match="revoked meanwhile"):
        cloud.signs(asked, PAUL, PAULS)


def test_the_last_operator_stays(cloud: BulkCloud) -> None:
    ends(cloud, "olga")
    ends(cloud, "paul", by="rita")

    with pytest.raises(ConflictError, match="the last operator"):
        ends(cloud, "rita", by="rita")
    assert cloud.the(Account, id="rita").disabled_at is None


def test_somebody_who_is_no_operator_goes_while_one_operator_is_left(cloud: BulkCloud) -> None:
    cloud.do(lambda uow: uow.change(Account, {"id": "olga"}, roles="support"))
    ends(cloud, "paul", by="rita")
    ends(cloud, "olga", by="rita")

    assert [one.id for one in cloud.of(Account, disabled_at=None)] == ["rita"]


def test_only_operators_see_and_end_accounts(cloud: BulkCloud) -> None:
    support = cloud.act(actor(Role.SUPPORT, "sam"))
    for verb in (lambda uow: end_account(uow, support, "olga"), lambda uow: standing_accounts(uow, support)):
        with pytest.raises(ForbiddenError):
            cloud.do(verb)
    assert len(cloud.do(lambda uow: standing_accounts(uow, cloud.act(RITA)))) == 3
