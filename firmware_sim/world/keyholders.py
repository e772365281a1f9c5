"""Who may open many doors in a world: two operators with keys of their own, and the offline root that listed them.

The root is nobody's in this world: no cloud, however taken over, has it. What the keys really signed is noted as it is
signed, so that a witness can hold every door that opens against it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.domain.access import unix
from cloud.domain.actors import Actor, Role, actor
from cloud.services.bulk_open import BulkWish, ask_bulk, sign_bulk, withdraw_bulk
from cloud.services.operator_keys import bring_list, confirm_key, pin_missing, register_key, registered, revoke_key
from cloud.services.ports import UnitOfWork
from cloud.services.records_bulk import BulkOpening, OperatorListRecord
from cloud.services.records_ops import Account
from cloud.services.sending import send_command
from cloud.services.technician_pass import technician_pass
from contract.bulk import OpenMany, OrderSignature, operator_key_id, read_order, signed_text
from contract.commands import REMOTE_OPEN_LIFE_S
from contract.ids import KeyId, LockerId, MessageId
from firmware_sim.world.chronicle import START_MS
from firmware_sim.world.office import Office
from firmware_sim.world.orders import Ordered
from provisioning.operators.lists import sign_list

ROOT = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"the offline root of a world").digest())
TECHNICIAN = actor(Role.INSTALLER, "tom")


@dataclass(frozen=True, slots=True)
class Hand:
    """A key in somebody's browser."""

    who: Actor
    key: Ed25519PrivateKey
    in_the_name_of: "Hand | None" = None

    @classmethod
    def of(cls, name: str, browser: str, in_the_name_of: "Hand | None" = None) -> "Hand":
        seed = hashlib.sha256(f"{name}'s {browser}".encode()).digest()
        return cls(actor(Role.OPERATOR, name), Ed25519PrivateKey.from_private_bytes(seed), in_the_name_of)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def key_id(self) -> KeyId:
        return operator_key_id(self.public)

    def sign(self, order: bytes) -> OrderSignature:
        return OrderSignature((self.in_the_name_of or self).key_id, self.key.sign(signed_text(order)))


OLGA, OLGAS_LAPTOP, PAUL = Hand.of("olga", "desk"), Hand.of("olga", "laptop"), Hand.of("paul", "desk")
RITA = Hand.of("rita", "desk")  # leaves the company after the first visit
HANDS = (OLGA, OLGAS_LAPTOP, PAUL, RITA)
STRANGER = Hand.of("mallory", "desk")
FORGER = Hand.of("mallory", "desk", PAUL)


@dataclass(slots=True)
class KeyHolders:
    """The operators of one cloud, whom its lockers know once ``introduce`` has been called."""

    office: Office
    known: bool = False
    left: bool = False

    def introduce(self) -> None:
        """Have keys registered and confirmed, and the root's list of them brought to every locker.

        The second time Rita has left: her key is revoked, and a newer list goes round without it.
        """
        if self.known:
            self._part_with_rita()
            return
        self.known, office = True, self.office
        for name in dict.fromkeys(hand.who.name for hand in HANDS):
            office.do(partial(_hire, _account(office, name)))
        for hand in HANDS:
            other = next(one for one in HANDS if one.who != hand.who)
            office.do(lambda uow, hand=hand: register_key(uow, office.act(hand.who), hand.public))  # type: ignore[misc] # bound in this round
            office.do(lambda uow, hand=hand, other=other: confirm_key(uow, office.act(other.who), hand.key_id))  # type: ignore[misc] # as above
        self.bring_list()

    def bring_list(self) -> OperatorListRecord:
        """Carry the confirmed keys to the root and its list back to the cloud, which sends it to every locker."""
        office = self.office
        keys = office.ask(registered).keys
        raw, root = sign_list(ROOT, keys, unix(office.clock.now())), ROOT.public_key().public_bytes_raw()
        brought = office.do(lambda uow: bring_list(uow, office.act(OLGA.who), office.keys, raw, root))
        office.lists[brought.number] = frozenset(operator_key_id(one.public_key) for one in keys)
        return brought

    def _part_with_rita(self) -> None:
        if not self.left:
            self.left, office = True, self.office
            office.do(lambda uow: revoke_key(uow, office.act(PAUL.who), RITA.key_id))
            self.bring_list()

    def say_again(self) -> None:
        """Do what a job does every hour: send the list to lockers that do not have it."""
        if self.known:
            self.office.do(lambda uow: pin_missing(uow, self.office.act(), self.office.keys))

    def pass_for(self, locker: str) -> str:
        """Return the QR that a technician shows at a locker."""
        office = self.office
        return office.do(lambda uow: technician_pass(uow, office.act(TECHNICIAN), office.keys, locker))

    def asks(self, locker: str, labels: Sequence[str], reason: str, by: Hand = OLGA) -> BulkOpening:
        """Have an order written; raises as the product does."""
        office, wish = self.office, BulkWish(locker, tuple(labels), reason)
        return office.do(lambda uow: ask_bulk(uow, office.act(by.who), wish))

    def signs(self, asked: BulkOpening, hand: Hand) -> BulkOpening:
        """Have an order signed in somebody's browser; raises as the product does. The second signature sends it."""
        office, signature = self.office, hand.sign(asked.order)
        signed = office.do(lambda uow: sign_bulk(uow, office.act(hand.who), office.keys, asked.id, signature))
        if signed.second_at is not None:
            self._note(asked.order, *(one for one in HANDS if one.key_id in {signed.first_key, hand.key_id}))
        return signed

    def withdraws(self, asked: BulkOpening, hand: Hand) -> BulkOpening:
        """Take an order back before its second signature."""
        office = self.office
        return office.do(lambda uow: withdraw_bulk(uow, office.act(hand.who), asked.id))

    def slip_in(self, order: bytes, *hands: Hand) -> None:
        """Do as whoever has taken over the cloud: send an order past its own rules, with the signatures there are."""
        office, written, now_s = self.office, read_order(order), unix(self.office.clock.now())
        command = OpenMany(
            aud=LockerId(written.locker),
            id=MessageId(bytes.fromhex(written.order)),
            issued_at=now_s,
            expires_at=now_s + REMOTE_OPEN_LIFE_S,
            order=order,
            signatures=tuple(hand.sign(order) for hand in hands),
        )
        self._note(order, *hands)
        office.do(lambda uow: send_command(uow, office.act(), office.keys, command, written.reason))

    def _note(self, order: bytes, *hands: Hand) -> None:
        written = read_order(order)
        self.office.orders[bytes.fromhex(written.order)] = Ordered(
            locker=written.locker,
            labels=written.compartments,
            boot=written.boot,
            expires_ms=written.expires_at * 1000 - START_MS,
            keys=frozenset(hand.key_id for hand in hands),
            persons=frozenset(hand.who.name for hand in hands),
        )


def _account(office: Office, name: str) -> Account:
    return Account(
        id=name,
        login=name,
        name=name.title(),
        password_hash="",
        roles=Role.OPERATOR,
        courier_id=None,
        created_at=office.clock.now(),
        disabled_at=None,
    )


def _hire(account: Account, uow: UnitOfWork) -> None:
    uow.add(account)
