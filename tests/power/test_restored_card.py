"""A card image of an hour ago is put back: the locker remembers what is no longer so, and its journal forks.

The cloud must notice and never mix the two journals, and nothing said to the locker of before may open a door.
"""

import asyncio
import sqlite3
from functools import partial

import pytest

from cloud.services.ports import UnitOfWork
from cloud.services.records import IssuedGrant
from cloud.services.records_ops import Alarm, SupportCase
from cloud.services.send_again import LOOK_INSIDE
from cloud.services.set_service import ServiceWish, set_service
from contract.codec import decode_entry
from contract.events import Entry, ReleaseIntended
from contract.ids import GrantId
from edge.locker_controller.screens import Refused, Why
from edge.store.sqlite_sync import SyncDatabase
from firmware_sim.world.disk import Card
from firmware_sim.world.parcels import Thing
from tests.power.forks import alone, stage
from tests.power.people import GONE, Courier, recipient
from tests.power.rig import OPERATOR, Rig
from tests.power.scenarios import FIRST_DAY, SCENARIOS, door_opened_from_afar
from tests.survives import survived

ROW = "Card image of an hour ago put back"
LOST = "Card lost: a new one put in, staff look inside, recipients come with the codes they have"
SHOWN_BY = "tests/power/test_restored_card.py"
HOUR_S = 3_600


def image_of(card: Card) -> Card:
    """Copy a card."""
    image = Card()
    target = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    card.database._connection.backup(target)
    image.database = SyncDatabase(target)
    return image


async def _an_hour_and_back(rig: Rig) -> str:
    image = image_of(rig.site.card)
    thing = rig.now[0]
    await recipient(rig, thing)
    rig.now.append(rig.parcel())
    await Courier(rig).bring(rig.now[1])
    await door_opened_from_afar(rig)
    said = [message for message in rig.broker.captured if message.topic.endswith("command")]
    await asyncio.sleep(HOUR_S)
    await rig.agree()
    before = rig.office.entries(rig.site.id, 1, 1 << 40)
    rig.site.power_off()
    rig.site.card = image
    rig.site.power_on()
    await asyncio.sleep(60)
    for message in said:
        rig.broker.inject(message)
    await asyncio.sleep(60)
    rig.site.stir()
    await rig.site.enter_code(thing.code or "")
    await asyncio.sleep(20)
    after = rig.office.entries(rig.site.id, 1, 1 << 40)
    assert after[: len(before)] == before, "the cloud's log has been mixed"
    fresh = [decode_entry(raw) for raw in after[len(before) :]]
    opened = [one for one in fresh if isinstance(one, Entry) and isinstance(one.event, ReleaseIntended)]
    assert opened == [], "something opened on the memory of before"
    assert not rig.site.open_doors()
    assert len(said) > 1
    assert rig.office.ask(lambda uow: uow.count(Alarm, locker_id=rig.site.id, kind="journal_ahead")) == 1
    assert all(one.withdrawn for one in rig.state.compartments.values())
    await rig.agree()
    return str(rig.auditor.disagreement())


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_card_of_an_hour_ago_is_noticed_and_opens_nothing() -> None:
    with stage(SCENARIOS["pick-up"], FIRST_DAY) as rig:
        outcome = alone(rig, lambda: _an_hour_and_back(rig))
    assert outcome.ended == "None", (outcome.ended, outcome.violations)
    # The witness over the journal's shoulder sees the fork, as it should; of doors and codes it has nothing to say.
    assert {one.partition(":")[0] for one in outcome.violations} == {"4"}, outcome.violations
    survived(ROW, "forked", tried=1, broken=0, shown_by=SHOWN_BY)


async def _lost_and_looked_into(rig: Rig) -> str:
    """Lose the card with a parcel inside and one on its way; both reach their recipients by what was promised."""
    waiting = rig.now[0]
    label = next(one for one in rig.site.cabinet.labels if rig.site.cabinet.contents(one) == waiting.barcode)
    coming = rig.parcel()
    rig.now.append(coming)
    await rig.agree()
    rig.site.power_off()
    rig.site.card = Card()
    rig.site.power_on()
    await asyncio.sleep(10)
    assert await rig.until(lambda: GrantId(_right(rig, waiting)) in rig.state.grants, 300), "nothing was sent again"
    rig.site.stir()
    await rig.site.enter_code(waiting.code or "")
    await rig.pause(2)
    assert rig.site.screen() == Refused(Why.SET_UP)
    assert not rig.site.open_doors()
    for one in rig.site.cabinet.labels:
        seen = waiting.id if one == label else None
        rig.office.do(partial(_looked_into, rig, ServiceWish(rig.site.id, one, True, "looked into", seen)))  # noqa: FBT003 - a record's field
    assert await rig.until(lambda: rig.state.compartments[label].parcel is not None, 300)
    assert await recipient(rig, waiting) == GONE
    await Courier(rig).bring(coming)
    assert await rig.until(lambda: coming.code is not None, 300)
    assert await recipient(rig, coming, by_qr=True) == GONE
    await rig.agree()
    assert rig.office.ask(lambda uow: uow.count(SupportCase, kind=LOOK_INSIDE)) == 1
    assert rig.office.ask(lambda uow: uow.count(SupportCase, kind="parcel_missing")) == 0
    return str(rig.auditor.disagreement())


def _right(rig: Rig, thing: Thing) -> bytes:
    """Return the id of the pick-up right that a parcel's recipient has."""
    found = rig.office.ask(lambda uow: uow.first(IssuedGrant, parcel_id=thing.id, kind="pick_up", state="issued"))
    assert found is not None
    return bytes.fromhex(found.id)


def _looked_into(rig: Rig, wish: ServiceWish, uow: UnitOfWork) -> object:
    return set_service(uow, rig.office.act(OPERATOR), rig.office.keys, wish)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_after_a_lost_card_recipients_fetch_by_the_codes_they_have_once_staff_have_looked_inside() -> None:
    with stage(SCENARIOS["pick-up"], FIRST_DAY) as rig:
        outcome = alone(rig, lambda: _lost_and_looked_into(rig))
    assert outcome.ended == "None", (outcome.ended, outcome.violations)
    assert {one.partition(":")[0] for one in outcome.violations} <= {"4"}, outcome.violations
    survived(LOST, "new card", tried=1, broken=0, shown_by=SHOWN_BY)
