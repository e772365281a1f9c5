"""Operators with keys of their own, an offline root, and a locker where a technician has switched maintenance on."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.domain.actors import Actor, Role, actor
from cloud.domain.locker import Locker
from cloud.services.bulk_open import BulkWish, ask_bulk, sign_bulk
from cloud.services.operator_keys import bring_list, confirm_key, register_key, registered
from cloud.services.record_state import record_state
from cloud.services.records_bulk import BulkOpening, OperatorListRecord
from cloud.services.records_ops import Account
from contract.bulk import MAINTENANCE_S, operator_key_id
from contract.ids import BootId, LockerId
from contract.state import LockerState
from provisioning.operators.lists import sign_list
from tests.contract.bulk_papers import public, signature
from tests.unit.cloud.small_cloud import BOOT, SmallCloud

ROOT, OLGAS, PAULS, SPARE = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 5))
OLGA, PAUL, RITA = (actor(Role.OPERATOR, name) for name in ("olga", "paul", "rita"))
WISH = BulkWish("WAW-01", ("A01", "A02"), "spring cleaning")


def people(cloud: SmallCloud, *names: str) -> None:
    """Give operators accounts."""
    for name in names:
        account = Account(
            id=name,
            login=name,
            name=name.title(),
            password_hash="",
            roles="operator",
            courier_id=None,
            created_at=cloud.now,
            disabled_at=None,
        )
        cloud.do(lambda uow, account=account: uow.add(account))  # type: ignore[misc] # bound in this round of the loop


class BulkCloud(SmallCloud):
    """Olga and Paul have confirmed keys, the root has signed for both, and WAW-01 is being maintained."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = self.locker()
        people(self, "olga", "paul", "rita")
        for owner, key, other in ((OLGA, OLGAS, PAUL), (PAUL, PAULS, OLGA)):
            self.registers(owner, key)
            self.confirms(other, key)
        self.says(maintenance_s=MAINTENANCE_S)

    def registers(self, who: Actor, key: Ed25519PrivateKey) -> None:
        self.do(lambda uow: register_key(uow, self.act(who), public(key)))

    def confirms(self, who: Actor, key: Ed25519PrivateKey) -> None:
        self.do(lambda uow: confirm_key(uow, self.act(who), operator_key_id(public(key))))

    def brings(self, who: Actor = OLGA, by: Ed25519PrivateKey = ROOT, at_s: int | None = None) -> OperatorListRecord:
        """Carry the registered keys to the root and its list back."""
        keys = self.do(registered).keys
        raw = sign_list(by, keys, int(self.now.timestamp()) if at_s is None else at_s)
        return self.do(lambda uow: bring_list(uow, self.act(who), self.keys, raw, public(ROOT)))

    def says(self, boot: BootId = BOOT, **said: Any) -> None:
        """Let the locker publish its presence document."""
        at_ms = int(self.now.timestamp() * 1000)
        state = LockerState(LockerId("WAW-01"), True, boot, 1, "1.0", at_ms, "synced", **{"uptime_ms": 40_000} | said)  # noqa: FBT003 - a wire record
        self.do(lambda uow: record_state(uow, self.act(), state))

    def asks(self, wish: BulkWish = WISH, who: Actor = OLGA) -> BulkOpening:
        return self.do(lambda uow: ask_bulk(uow, self.act(who), wish))

    def signs(self, asked: BulkOpening, who: Actor, key: Ed25519PrivateKey, order: bytes | None = None) -> BulkOpening:
        made = signature(key, asked.order if order is None else order)
        return self.do(lambda uow: sign_bulk(uow, self.act(who), self.keys, asked.id, made))

    def is_sent(self) -> BulkOpening:
        asked = self.asks()
        self.signs(asked, OLGA, OLGAS)
        return self.signs(asked, PAUL, PAULS)

    def fixture(self) -> Locker:
        return self.the(Locker, id="WAW-01")
