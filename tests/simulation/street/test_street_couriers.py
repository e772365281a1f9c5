"""What goes wrong while a courier stands before the locker."""

import pytest

from contract.events import (
    CollectionAbandoned,
    CompartmentWithdrawn,
    DropOffAbandoned,
    DropOffRefused,
    ParcelCollected,
    ParcelDroppedOff,
    ParcelNotFound,
    ProblemReported,
)
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    ConfirmDropOff,
    ConfirmTakenOut,
    CourierHome,
    DroppedOff,
    Idle,
    NoCompartment,
    ProblemThanks,
    PutParcel,
    TakeParcel,
)
from tests.simulation.street.rig import Street
from tests.simulation.street.scenario import scenario
from tests.simulation.street.watched import LARGE

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("street")]  # played once a worker, told again on the page


@scenario(
    "Locker full on arrival",
    "The promise ends at once and its room is free again; the courier keeps the parcel, support finds another way.",
)
async def test_the_locker_is_full_on_arrival(street: Street) -> None:
    """Somebody's "small" parcel was large and lies where this one was to go."""
    late, stout, other = street.announce(box=LARGE), street.announce(), street.announce(box=LARGE)
    await street.sign_in()
    await street.scan(stout)
    while street.size_of((await street.shows(PutParcel)).label) != "L":
        await street.too_big()
    await street.stow(stout)
    await street.drop_off(other)
    await street.scan(late)

    await street.reads(NoCompartment, "No compartment is free")

    await street.sees("case.drop_off_refused", DropOffRefused)
    await street.tap(Answer.DONE)
    assert street.parcel(late).state == "delivery_failed"
    assert street.left("L") == 0


@scenario(
    "Parcel too big for what was promised",
    "One tap opens a larger compartment on the spot, offline too; the promise counts as kept.",
)
async def test_the_parcel_is_too_big_for_what_was_promised(street: Street) -> None:
    thing = street.announce()
    await street.sign_in()
    await street.scan(thing)
    first = (await street.reads(PutParcel, "Put the parcel in")).label

    second = await street.too_big()

    assert street.rank_of(second) > street.rank_of(first)
    await street.sees("parcel.drop_off_abandoned", DropOffAbandoned)
    await street.stow(thing)
    await street.reads(DroppedOff, f"The parcel is in {second}")
    await street.sees("parcel.dropped_off", ParcelDroppedOff, second)


@scenario(
    "Parcel too big, and no larger compartment free",
    "The courier keeps the parcel; the promise ends and support finds another way.",
    about="Parcel too big for what was promised",
)
async def test_no_larger_compartment_is_free(street: Street) -> None:
    thing = street.announce(box=LARGE)
    await street.sign_in()
    await street.scan(thing)
    while street.size_of((await street.shows(PutParcel)).label) != "XL":
        await street.too_big()

    await street.tap(Answer.TOO_BIG)

    await street.reads(NoCompartment, "No larger compartment is free")
    await street.sees("case.drop_off_refused", DropOffRefused)
    await street.close_all()
    assert street.parcel(thing).custodian == f"courier:{street.courier}"


@scenario(
    'A "free" compartment is not empty: the last courier pressed cancel and left the parcel in it',
    "The next courier taps once and has another door in two seconds; the box is out of use until somebody has looked.",
    about="Occupied free compartment",
)
async def test_a_free_compartment_is_not_empty(street: Street) -> None:
    liar, thing = street.announce(), street.announce()
    await street.sign_in()
    await street.scan(liar)
    label = (await street.shows(PutParcel)).label
    street.put(liar, label)
    liar.odd = True
    await street.close(label)
    await street.shows(ConfirmDropOff)
    await street.tap(Answer.CANCEL)
    await street.reads(ConfirmTakenOut, "Is the parcel out again?")
    await street.tap(Answer.DONE)
    await street.scan(thing)
    assert (await street.shows(PutParcel)).label == label

    await street.tap(Answer.OCCUPIED)

    other = (await street.reads(PutParcel, "Put the parcel in", within_s=2)).label
    assert other != label
    seen = await street.sees("case.compartment_occupied", CompartmentWithdrawn, label)
    assert liar.id in seen.detail, "the operator is told whose parcel it may be"
    await street.close(label)
    await street.stow(thing)
    await street.clear(label, liar)


@scenario(
    "Parcel in the wrong compartment",
    "The recipient taps once, the box is closed to everybody and support has the case with the door's timeline.",
)
async def test_a_parcel_lies_in_the_wrong_compartment(street: Street) -> None:
    """Two doors stood open and the courier mixed them up."""
    one, two = street.announce(), street.announce()
    await street.sign_in()
    await street.scan(one)
    first = (await street.shows(PutParcel)).label
    street.put(two, first)
    await street.close(first)
    await street.confirm()
    await street.scan(two)
    second = (await street.shows(PutParcel)).label
    street.put(one, second)
    await street.close(second)
    await street.confirm()
    one.odd = two.odd = True
    await street.sign_out()
    await street.until(lambda: one.code is not None, 90)
    await street.type_code(one)
    await street.shows(TakeParcel)

    await street.tap(Answer.NOT_MINE)

    await street.reads(ProblemThanks, "Thank you for telling us")
    await street.sees("case.problem_reported", ProblemReported, first)
    await street.close(first)
    assert street.withdrawn(first) == "not_mine"


@scenario(
    "Marked collected but not taken",
    "It is booked out; the next courier finds it, taps once, and the operator is told whose parcel it is.",
)
async def test_a_parcel_is_marked_collected_but_was_not_taken(street: Street) -> None:
    thing, label = await street.delivered()
    await street.recall(thing)
    home = await street.sign_in()
    assert home.collections == (label,)
    await street.tap(Answer.COLLECT, label)
    await street.reads(TakeParcel, "Take the parcel with you")
    await street.close(label)
    await street.sees("parcel.collected", ParcelCollected)
    thing.odd = True
    await street.until(lambda: isinstance(street.site.screen(), CourierHome))
    others, following = [street.announce(), street.announce()], street.announce()
    await street.sign_in()
    for one in others:  # the least used compartments come first
        await street.drop_off(one)
    await street.scan(following)
    assert (await street.shows(PutParcel)).label == label

    await street.tap(Answer.OCCUPIED)

    seen = await street.sees("case.compartment_occupied", CompartmentWithdrawn, label)
    assert thing.id in seen.detail
    other = (await street.reads(PutParcel, "Put the parcel in", within_s=2)).label
    await street.close(label)
    street.put(following, other)
    await street.close(other)
    await street.confirm()
    await street.tap(Answer.SIGN_OUT)
    await street.shows(Idle)
    await street.clear(label, thing)


@scenario(
    "Power loss while a courier empties a compartment, and the parcel stays inside",
    "Silence is no word: it stays on the books, its box takes nothing else, support has the case.",
    about="Marked collected but not taken",
)
async def test_the_power_goes_and_what_was_to_be_collected_stays_inside(street: Street) -> None:
    thing, label = await street.delivered()
    await street.recall(thing)
    await street.sign_in()
    await street.tap(Answer.COLLECT, label)
    await street.reads(TakeParcel, "Take the parcel with you")
    street.site.power_off()
    await street.close(label)
    await street.wait(20)
    await street.back()

    await street.reads(ConfirmTakenOut, "Have you taken the parcel out?")
    await street.wait(40)

    await street.sees("case.collection_unclear", CollectionAbandoned, label)
    assert (street.parcel(thing).state, street.parcel(thing).compartment) == ("expired", label)


@scenario(
    "The compartment a courier is to empty is empty already",
    "One tap: the parcel is missing from that moment, support looks for it, its recipient is told, nobody comes again.",
    about="Marked collected but not taken",
)
async def test_the_courier_finds_nothing_to_collect(street: Street) -> None:
    thing, label = await street.delivered()
    await street.recall(thing)
    street.site.cabinet.leave_behind(label, None)
    thing.holder, thing.odd = "nobody knows", True
    await street.sign_in()
    await street.tap(Answer.COLLECT, label)
    await street.reads(TakeParcel, "Take the parcel with you")
    await street.tap(Answer.EMPTY)
    await street.reads(ProblemThanks, "Thank you for telling us")
    await street.close(label)

    await street.sees("case.parcel_missing", ParcelNotFound, label)
    assert street.parcel(thing).state == "missing"
