"""When both sides were offline (trust.md): every wish of the cloud against every fact of the locker, in every order.

``locker first``: the locker's fact reaches the cloud before the wish. ``cloud first``: the wish reached the locker
before the fact. ``both``: each acted without knowing of the other; the fact arrives after the wish was made.
The cloud is never asked to rewrite a fact; what cannot be squared is a case for support.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from cloud.domain.errors import DomainError
from cloud.domain.locker import Locker
from cloud.domain.parcel import ParcelState
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.expire_parcels import expire_parcels
from cloud.services.extend_deadline import extend_deadline
from cloud.services.promise import promise
from cloud.services.records import GrantState, IssuedGrant, SealedCode
from cloud.services.records_ops import CommandSent, Notification, OutboxMessage, SupportCase
from cloud.services.reissue_code import reissue_code
from cloud.services.release_reservation import expire_reservations
from contract.events import CodeBurnt, CommandDone, DropOffRefused, ParcelDroppedOff, ParcelPickedUp
from contract.ids import GrantId, GroupId, MessageId, ParcelRef
from tests.unit.cloud.small_cloud import A01, OPERATOR, REF, Journal, SmallCloud

S = ParcelState


class Story:
    """One parcel promised to one locker."""

    def __init__(self) -> None:
        self.cloud = SmallCloud()
        self.locker: Journal = self.cloud.locker()
        self.cloud.codes("WAW-01", 11111111, 22222222)
        self.parcel = self.cloud.parcel()
        home = self.cloud.the(Locker)
        assigned = self.cloud.do(lambda uow: promise(uow, self.cloud.act(), self.cloud.keys, self.parcel, home))
        self.group = GroupId(bytes.fromhex(assigned.group_id))
        self.ref = ParcelRef(bytes.fromhex(self.parcel.id))

    def drop_off(self) -> None:
        grant = self.cloud.of(IssuedGrant, kind="drop_off")[0]
        self.locker.say(ParcelDroppedOff(self.ref, A01, GrantId(bytes.fromhex(grant.id)), REF))

    def pick_up(self) -> None:
        self.locker.say(CodeBurnt(self.group, A01), ParcelPickedUp(self.ref, A01, self.group, "code"))

    def obey(self) -> None:
        """Have the locker do every command it was sent."""
        for command in self.cloud.of(CommandSent):
            self.locker.say(CommandDone(MessageId(bytes.fromhex(command.id))))

    def revoke(self) -> None:
        self._try(
            lambda: self.cloud.do(
                lambda uow: cancel_parcel(uow, self.cloud.act(OPERATOR), self.cloud.keys, self.parcel.id, "recalled")
            )
        )

    def extend(self) -> None:
        self._try(
            lambda: self.cloud.do(
                lambda uow: extend_deadline(uow, self.cloud.act(OPERATOR), self.cloud.keys, self.parcel.id)
            )
        )

    def reissue(self) -> None:
        self._try(
            lambda: self.cloud.do(
                lambda uow: reissue_code(uow, self.cloud.act(OPERATOR), self.cloud.keys, self.parcel.id)
            )
        )

    def expire(self) -> None:
        self.cloud.later(hours=72)
        self.cloud.do(lambda uow: expire_parcels(uow, self.cloud.act(), self.cloud.keys))

    def _try(self, verb: Callable[[], object]) -> None:
        try:
            verb()
        except DomainError as error:
            self.refused = type(error).__name__

    refused: str | None = None

    @property
    def outcome(self) -> tuple[ParcelState, str, bool]:
        parcel = self.cloud.again(self.parcel)
        return parcel.state, parcel.custodian.partition(":")[0], bool(self.cloud.of(SupportCase))


@dataclass(frozen=True)
class Case:
    """``refused``: the wish came too late and said so."""

    wish: str
    fact: str
    order: str
    state: ParcelState
    custodian: str
    support: bool = False
    refused: bool = False


MATRIX = [
    # The drop-off is the fact; the parcel has been promised and the courier is on the way.
    Case("revoke", "drop_off", "locker first", S.EXPIRED, "locker"),
    Case("revoke", "drop_off", "cloud first", S.CANCELLED, "carrier"),
    Case("revoke", "drop_off", "both", S.EXPIRED, "locker", support=True),
    Case("extend", "drop_off", "locker first", S.READY_FOR_PICKUP, "locker"),
    Case("extend", "drop_off", "cloud first", S.READY_FOR_PICKUP, "locker", refused=True),
    Case("extend", "drop_off", "both", S.READY_FOR_PICKUP, "locker", refused=True),
    Case("reissue", "drop_off", "locker first", S.READY_FOR_PICKUP, "locker"),
    Case("reissue", "drop_off", "cloud first", S.READY_FOR_PICKUP, "locker", refused=True),
    Case("reissue", "drop_off", "both", S.READY_FOR_PICKUP, "locker", refused=True),
    Case("expire", "drop_off", "locker first", S.EXPIRED, "locker"),
    Case("expire", "drop_off", "cloud first", S.READY_FOR_PICKUP, "locker"),
    Case("expire", "drop_off", "both", S.READY_FOR_PICKUP, "locker"),
    # The pick-up is the fact; the parcel lies in its compartment.
    Case("revoke", "pick_up", "locker first", S.PICKED_UP, "recipient", refused=True),
    Case("revoke", "pick_up", "cloud first", S.EXPIRED, "locker"),
    Case("revoke", "pick_up", "both", S.PICKED_UP, "recipient", support=True),
    Case("extend", "pick_up", "locker first", S.PICKED_UP, "recipient", refused=True),
    Case("extend", "pick_up", "cloud first", S.PICKED_UP, "recipient"),
    Case("extend", "pick_up", "both", S.PICKED_UP, "recipient"),
    Case("reissue", "pick_up", "locker first", S.PICKED_UP, "recipient", refused=True),
    Case("reissue", "pick_up", "cloud first", S.PICKED_UP, "recipient"),
    Case("reissue", "pick_up", "both", S.PICKED_UP, "recipient"),
    Case("expire", "pick_up", "locker first", S.PICKED_UP, "recipient"),
    Case("expire", "pick_up", "cloud first", S.PICKED_UP, "recipient"),
    Case("expire", "pick_up", "both", S.PICKED_UP, "recipient"),
]


@pytest.mark.parametrize("case", MATRIX, ids=lambda one: f"{one.wish} x {one.fact}, {one.order}")
def test_facts_win_and_wishes_follow(case: Case) -> None:
    story = Story()
    if case.fact == "pick_up":
        story.drop_off()
    wish, fact = getattr(story, case.wish), getattr(story, case.fact)
    if case.order == "locker first":
        fact()
        wish()
    else:
        wish()
        if case.order == "cloud first":
            story.obey()
        if not (case.order == "cloud first" and case.wish == "revoke"):
            fact()  # a locker that has the tombstone opens for nobody

    assert story.outcome == (case.state, case.custodian, case.support)
    assert (story.refused is not None) == case.refused


@pytest.mark.parametrize("wish", ["revoke", "extend", "reissue", "expire"])
def test_whatever_was_wished_a_pick_up_spends_every_right(wish: str) -> None:
    story = Story()
    story.drop_off()
    getattr(story, wish)()
    story.pick_up()

    assert story.cloud.of(IssuedGrant, state=GrantState.ISSUED) == []
    assert story.cloud.of(SealedCode) == []


@pytest.mark.parametrize(("first", "second"), [("revoke", "extend"), ("revoke", "reissue"), ("revoke", "revoke")])
def test_a_revocation_is_a_tombstone_that_later_wishes_do_not_lift(first: str, second: str) -> None:
    story = Story()
    story.drop_off()
    getattr(story, first)()
    getattr(story, second)()

    assert story.outcome == (S.EXPIRED, "locker", False)
    assert story.cloud.of(IssuedGrant, kind="pick_up", state=GrantState.ISSUED) == []


def test_extending_what_expired_calls_the_collection_off() -> None:
    story = Story()
    story.drop_off()
    story.expire()
    story.extend()

    assert story.outcome == (S.READY_FOR_PICKUP, "locker", False)
    assert story.cloud.the(IssuedGrant, kind="collect").state is GrantState.REVOKED


def test_a_reissued_code_stays_in_its_group_and_one_use_spends_it() -> None:
    story = Story()
    story.drop_off()
    story.reissue()
    grants = story.cloud.of(IssuedGrant, kind="pick_up", order="issued_at")

    assert {grant.group_id for grant in grants} == {story.group.hex()}
    assert sorted(grant.state for grant in grants) == [GrantState.ISSUED, GrantState.SUPERSEDED]
    story.pick_up()
    assert GrantState.ISSUED not in {grant.state for grant in story.cloud.of(IssuedGrant)}


def test_a_drop_off_after_its_promise_ended_waits_for_a_courier_and_not_for_a_code_that_is_dead() -> None:
    story = Story()
    story.cloud.later(days=9)
    story.cloud.do(lambda uow: expire_reservations(uow, story.cloud.act(), story.cloud.keys))
    story.drop_off()

    assert story.outcome == (S.EXPIRED, "locker", True)
    assert "ready_for_pickup" not in {one.template for one in story.cloud.of(Notification)}
    story.cloud.do(lambda uow: expire_parcels(uow, story.cloud.act(), story.cloud.keys))
    assert story.cloud.the(IssuedGrant, kind="collect", state=GrantState.ISSUED).locker_id == "WAW-01"


def test_a_parcel_that_came_to_another_locker_than_promised_leaves_no_right_at_the_promised_one() -> None:
    story = Story()
    story.cloud.locker("WAW-02")
    story.cloud.journals["WAW-02"].say(ParcelDroppedOff(story.ref, A01, GrantId(b"g" * 16), REF))

    assert story.outcome == (S.EXPIRED, "locker", True)
    assert story.cloud.of(IssuedGrant, state=GrantState.ISSUED) == []


def test_a_revocation_may_arrive_a_year_late() -> None:
    story = Story()
    story.drop_off()
    story.revoke()
    (tombstone,) = story.cloud.of(OutboxMessage, kind="revoke")

    assert tombstone.expires_at > story.cloud.now + timedelta(days=365)


def test_a_promise_the_locker_could_not_keep_can_be_made_elsewhere() -> None:
    story = Story()
    story.cloud.locker("WAW-02")
    story.cloud.codes("WAW-02", 33333333)
    story.locker.say(DropOffRefused(story.ref, "too_big"))
    other = story.cloud.the(Locker, id="WAW-02")
    parcel = story.cloud.again(story.parcel)
    story.cloud.do(lambda uow: promise(uow, story.cloud.act(), story.cloud.keys, parcel, other))

    assert story.cloud.again(parcel).locker_id == "WAW-02"
