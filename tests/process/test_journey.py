"""A parcel's whole journey over real processes: mosquitto, the cloud and two lockers, with the worst in between.

Everything is done as people and programs do it: by the product's own commands, over its API, at its kiosks, from its
mails. What dies here dies by ``kill -9``.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contract.events import CodeBurnt, DoorOpened, ParcelPickedUp, ReleaseIndeterminate
from edge.locker_controller.screens import Refused, TakeParcel, Why
from firmware_sim.network import Cut
from firmware_sim.truth import CabinetTruth
from tests.house.secrets import leaks
from tests.process import ledger, papers
from tests.process.mailbox import Letter
from tests.process.papers import (
    AWAY,
    BRIDGE,
    CENTRE,
    CRASHED,
    FAILED,
    FORGOTTEN,
    HOME,
    IMPOSSIBLE,
    JAMMED,
    SHOWN,
    TO_CENTRE,
    WAITING,
    mail_of,
)
from tests.process.programs import SOON_S, until_told
from tests.process.street import StreetLocker
from tests.process.town import Town, standing_town

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("processes"), pytest.mark.timeout(1_800)]

READY = "is ready at"
EXPIRY_S_MAX = 120.0  # an open lives 60 s, and its result may take some more


@dataclass(slots=True)
class Day:
    """What the story has come to: who drives, which door was asked for in vain, where what lies, what was told whom."""

    courier: str = ""
    late_open: dict[str, Any] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Letter] = field(default_factory=dict)

    def code(self, barcode: str) -> str:
        return self.codes[barcode].code or ""


async def test_a_parcels_whole_journey(tmp_path: Path) -> None:
    """The eight steps, and at the end the reckoning."""
    async with standing_town(tmp_path, ["--dwell", "48h", "--carrier-dwell", "brief=12s"]) as town:
        day = Day()
        await files_become_lockers_and_parcels(town)
        await lockers_join_and_become_active(town)
        await a_door_is_asked_for_at_a_locker_that_is_cut_off(town, day)
        await the_day_is_planned(town, day)
        await a_failed_attempt_finds_a_locker(town, day)
        await parcels_are_dropped_off_while_the_broker_dies(town, day)
        await recipients_come_while_the_uplink_is_cut(town, day)
        await nobody_fetches_a_parcel(town, day)
        await an_operator_opens_a_door(town, day)
        await an_agent_dies_in_the_middle_of_a_pulse(town, day)
        await an_agent_dies_behind_a_jammed_door(town, day)
        await the_locker_that_was_cut_off_comes_back(town, day)
        await town.until_acknowledged(CENTRE, BRIDGE)
        cabinets = {name: locker.truth() for name, locker in town.lockers.items()}
        assert await town.stop() == [0, 0, 0, 0]
        everything_agrees(town, cabinets)
        nothing_was_told(town, day)
        assert [left for program in town.programs for left in program.left()] == []


# ---------------------------------------------------------------- 1. files


async def files_become_lockers_and_parcels(town: Town) -> None:
    """Good rows land, bad rows are named with line, column and reason; a second time changes nothing."""
    lockers = town.folder / "lockers.geojson"
    lockers.write_text(papers.lockers_geojson())
    code, said = await town.take_file("latchmile-import-lockers", lockers, "operator_key")
    assert code == 1
    assert "3 lockers: 2 added, 0 changed, 0 unchanged, 1 rejected" in said
    assert [one for one in said.splitlines() if "coordinates" in one and " 4 " in one], said

    parcels = town.folder / "parcels.csv"
    at_six = datetime.now(ZoneInfo(town.zone)).replace(hour=6, minute=0, second=0, microsecond=0)
    parcels.write_text(papers.parcels_csv(at_six))
    for counts in ("8 added, 0 changed, 0 unchanged, 2 rejected", "0 added, 0 changed, 8 unchanged, 2 rejected"):
        code, said = await town.take_file("latchmile-import-parcels", parcels, "carrier_key")
        assert code == 1
        assert f"10 parcels: {counts}" in said
        assert _is_named(said, 10, "recipient_email"), said
        assert _is_named(said, 11, "latitude"), said

    forgotten = town.folder / "forgotten.csv"
    forgotten.write_text(papers.forgotten_csv())
    assert (await town.take_file("latchmile-import-parcels", forgotten, "operator_key", "--carrier", "brief"))[0] == 0


def _is_named(said: str, line: int, column: str) -> bool:
    return any(f" {line} " in one and f" {column} " in one for one in said.splitlines())


# ---------------------------------------------------------------- 2. lockers join


async def lockers_join_and_become_active(town: Town) -> None:
    """From a claim to a certificate and a bundle; the first snapshot that fits the layout makes a locker active."""
    for name in (CENTRE, BRIDGE):
        assert (await town.get(f"/v1/lockers/{name}"))["status"] == "announced"
        locker = await town.enrol(name)
        assert (locker.bundles / name / "tls.crt").read_text().count("BEGIN CERTIFICATE") >= 1
        found = await town.until_locker(name, status="active", online=True)
        assert {one["contents"] for one in found["compartments"]} == {"empty"}


# ---------------------------------------------------------------- 8a. an open that comes too late


async def a_door_is_asked_for_at_a_locker_that_is_cut_off(town: Town, day: Day) -> None:
    """Behind a dead modem: the broker takes the command, nobody hears it. What becomes of it shows at the end."""
    await town.lockers[BRIDGE].cut(Cut.SILENT)
    day.late_open = await _open(town, BRIDGE, "B06")
    await town.until_command(day.late_open, "sent")


async def _open(town: Town, locker: str, compartment: str) -> dict[str, Any]:
    wish = {"compartment": compartment, "reason": "the recipient stands there and the screen is dark"}
    return dict(await town.post(f"/v1/lockers/{locker}/remote-opens", wish))


# ---------------------------------------------------------------- 3. the plan


async def the_day_is_planned(town: Town, day: Day) -> None:
    """Opted-in parcels for one locker share one stop, every stop has its time, what cannot be done says why."""
    for barcode in (*TO_CENTRE, FORGOTTEN):
        await _opt_in(town, barcode, CENTRE)
    await _opt_in(town, AWAY, BRIDGE)
    day.courier = await town.courier("Courier Nowakowska", papers.DEPOT)
    plan = await town.plan()
    (route,) = plan["routes"]
    stops = {one["locker_id"]: one for one in route["stops"] if one["locker_id"]}
    assert len([one for one in route["stops"] if one["locker_id"]]) == len(stops) == 2
    assert {one["parcel"]["barcode"] for one in stops[CENTRE]["tasks"]} == {*TO_CENTRE, FORGOTTEN}
    assert [one["eta"] for one in route["stops"]] == sorted(one["eta"] for one in route["stops"])
    (unplanned,) = plan["unplanned"]
    assert unplanned["barcode"] == IMPOSSIBLE
    assert unplanned["reason"]
    await town.post(f"/v1/routes/{route['id']}/start")


async def _opt_in(town: Town, barcode: str, locker: str) -> None:
    """Let the recipient choose a locker by the link from the carrier; no account, no key."""
    parcel = (await town.parcel(barcode))["id"]
    token = (await town.get(f"/v1/parcels/{parcel}/tracking-link"))["token"]
    answer = await town.api.post(
        f"/v1/tracking/{token}/opt-in",
        json={"scope": "this_locker", "locker_id": locker},
        headers={"Authorization": ""},
    )
    assert answer.status_code == 201, answer.text


# ---------------------------------------------------------------- 4. nobody at home


async def a_failed_attempt_finds_a_locker(town: Town, day: Day) -> None:
    """Locker chosen, capacity kept, route changed, recipient told."""
    before = await town.get(f"/v1/lockers/{CENTRE}")
    attempt = {"parcel_id": (await town.parcel(FAILED))["id"], "courier_id": day.courier, "reason": "nobody at home"}
    found = await town.post("/v1/attempts", {**attempt, "lon": 21.012, "lat": 52.229})
    assert found["assigned"]["locker_id"] == CENTRE
    after = await town.get(f"/v1/lockers/{CENTRE}")
    assert sum(after["left"].values()) < sum(before["left"].values())
    (stop,) = [one for one in await town.stops(day.courier) if one["locker_id"] == CENTRE]
    assert (FAILED, "drop_off") in {(one["parcel"]["barcode"], one["task"]) for one in stop["tasks"]}
    await town.mailbox.letter(mail_of(FAILED), "We missed you")
    await town.mailbox.letter(mail_of(WAITING), "Your parcel goes to")
    home = (await town.parcel(HOME))["id"]
    assert (await town.post(f"/v1/parcels/{home}/deliver-home", {"proof": "handed over"}))["state"] == "delivered_home"


# ---------------------------------------------------------------- 5. drop-offs, and the broker dies


async def parcels_are_dropped_off_while_the_broker_dies(town: Town, day: Day) -> None:
    """Events reach a broker before a cloud that hangs, and the broker is killed: nothing is lost or comes twice."""
    centre, bridge = town.lockers[CENTRE], town.lockers[BRIDGE]
    at_bridge = await town.passes(day.courier, BRIDGE)
    at_centre = await town.passes(day.courier, CENTRE)
    assert (await bridge.courier().visit(bridge.spot, at_bridge, [AWAY])).dropped_off.keys() == {AWAY}
    await town.until_acknowledged(CENTRE)

    town.cloud.freeze()
    done = await centre.bulky_courier().visit(centre.spot, at_centre, [FAILED, *TO_CENTRE, FORGOTTEN])
    day.where = done.dropped_off
    assert done.dropped_off.keys() == {FAILED, *TO_CENTRE, FORGOTTEN}
    assert not await centre.outbox_is_empty()
    await town.kill_broker()
    town.cloud.thaw()

    await town.until_acknowledged(CENTRE)
    for barcode in (FAILED, *TO_CENTRE):
        parcel = await town.until_parcel(barcode, "ready_for_pickup")
        assert parcel["compartment"] == day.where[barcode]
        assert parcel["custodian"] == f"locker:{CENTRE}"
        day.codes[barcode] = await town.mailbox.letter(mail_of(barcode), READY)
    day.codes[FORGOTTEN] = await town.mailbox.letter(mail_of(FORGOTTEN), READY)
    assert (await town.history(FAILED)).count("dropped_off") == 1
    kinds = await _kinds(town, CENTRE)
    assert kinds.count("ParcelDroppedOff") == 6
    assert kinds.count("ReleaseIntended") == 7  # one of them did not fit behind the first door


async def _kinds(town: Town, locker: str) -> list[str]:
    return [one["kind"] for one in (await town.get(f"/v1/lockers/{locker}/timeline"))["events"]]


# ---------------------------------------------------------------- 6. pick-ups without an uplink


async def recipients_come_while_the_uplink_is_cut(town: Town, day: Day) -> None:
    """By code, which is burnt, and by QR, both from the mail; the cloud learns it once, later."""
    centre = town.lockers[CENTRE]
    await centre.cut()
    await town.until_locker(CENTRE, online=False)
    taken = await centre.recipient().pick_up(centre.spot, code=day.code(FAILED))
    assert (taken.parcel, taken.label) == (FAILED, day.where[FAILED])
    again = await centre.recipient().mistype(centre.spot, day.code(FAILED))
    assert isinstance(again, Refused)
    assert again.reason == Why.SPENT
    qr = day.codes[SHOWN].qr
    assert qr is not None
    assert (await centre.recipient().pick_up(centre.spot, qr=qr)).parcel == SHOWN
    assert (await town.parcel(FAILED))["state"] == "ready_for_pickup"

    await centre.mend()
    for barcode in (FAILED, SHOWN):
        await town.until_parcel(barcode, "picked_up")
        assert (await town.history(barcode)).count("picked_up") == 1
        await town.mailbox.letter(mail_of(barcode), "You have your parcel")
    await town.until_acknowledged(CENTRE)


# ---------------------------------------------------------------- 7. nobody comes


async def nobody_fetches_a_parcel(town: Town, day: Day) -> None:
    """Reminded, expired, collected by whom the next plan sends."""
    centre = town.lockers[CENTRE]
    await town.mailbox.letter(mail_of(FORGOTTEN), "is still waiting")
    await town.until_parcel(FORGOTTEN, "expired")
    await town.mailbox.letter(mail_of(FORGOTTEN), "has run out")
    another = await town.courier("Courier Zielinski", papers.DEPOT)

    async def planned() -> Any:
        """Plan until the collection is due: its right is issued by a job of its own."""
        await town.plan()
        return [one for one in await town.stops(another) if one["locker_id"] == CENTRE]

    (stop,) = await until_told(planned, "a plan with the collection")
    assert [(one["parcel"]["barcode"], one["task"]) for one in stop["tasks"]] == [(FORGOTTEN, "collect")]
    collected = await centre.courier().collect(centre.spot, await town.passes(another, CENTRE))
    assert collected == {day.where[FORGOTTEN]: FORGOTTEN}
    parcel = await town.until_parcel(FORGOTTEN, "collected")
    assert parcel["custodian"] == f"courier:{another}"


# ---------------------------------------------------------------- 8. from afar


async def an_operator_opens_a_door(town: Town, day: Day) -> None:
    """Sent, accepted, opened; one that comes too soon and one that finds a door open are refused with the reason."""
    centre, label = town.lockers[CENTRE], day.where[FAILED]
    opened = await town.until_command(await _open(town, CENTRE, label), "opened")
    assert opened["sent_at"] <= opened["accepted_at"] <= opened["opened_at"]
    assert (await centre.picture()).screen is not None
    await centre.spot.wait_open(label)
    wish = {"compartment": day.where[SHOWN], "reason": "the next one, at once"}
    too_soon = await town.api.post(f"/v1/lockers/{CENTRE}/remote-opens", json=wish)
    assert too_soon.status_code == 429
    assert "one door at a time" in too_soon.json()["detail"]

    async def refused() -> str | None:
        """Ask again while it is too soon for the cloud, or for the locker, which counts from when it obeyed."""
        answer = await town.api.post(f"/v1/lockers/{CENTRE}/remote-opens", json=wish)
        why = (await town.until_command(answer.json(), "refused"))["refusal"] if answer.is_success else "too_soon"
        return None if why == "too_soon" else str(why)

    assert await until_told(refused, "the gap to pass") in ("door_open", "busy")
    assert centre.truth().of(day.where[SHOWN]).pulses == 2
    await centre.spot.shut(label)


async def an_agent_dies_in_the_middle_of_a_pulse(town: Town, day: Day) -> None:
    """With the coil on and the door coming open: after the restart the door's word counts, and nothing pulses."""
    centre, label = town.lockers[CENTRE], day.where[CRASHED]
    died = await _killed_mid_pulse(centre, label, day.code(CRASHED))
    await centre.start()
    assert centre.truth().of(label).open
    await centre.spot.kiosk.wait_for(TakeParcel, within_s=SOON_S)
    assert await centre.spot.doors.take_out(label) == CRASHED
    await centre.spot.shut(label)
    await town.until_parcel(CRASHED, "picked_up")
    assert centre.truth().of(label).pulses == died.of(label).pulses
    assert (await town.history(CRASHED)).count("picked_up") == 1


async def an_agent_dies_behind_a_jammed_door(town: Town, day: Day) -> None:
    """With a door that stayed shut: it says that it does not know, pulses nothing, and the code works once more."""
    centre, label = town.lockers[CENTRE], day.where[JAMMED]
    await centre.jam(label, 1)
    died = await _killed_mid_pulse(centre, label, day.code(JAMMED))
    await centre.start()
    await town.until_locker(CENTRE, online=True)
    await town.until_acknowledged(CENTRE)
    assert "ReleaseIndeterminate" in await _kinds(town, CENTRE)
    assert (await town.parcel(JAMMED))["state"] == "ready_for_pickup"
    assert centre.truth().of(label).pulses == died.of(label).pulses
    taken = await centre.recipient().pick_up(centre.spot, code=day.code(JAMMED))
    assert (taken.label, taken.parcel) == (label, JAMMED)
    await town.until_parcel(JAMMED, "picked_up")
    assert centre.truth().of(label).pulses == died.of(label).pulses + 1


async def _killed_mid_pulse(locker: StreetLocker, label: str, code: str) -> CabinetTruth:
    """Let somebody type the code and kill the agent while current flows."""
    person = locker.recipient().pick_up(locker.spot, code=code)
    died = await locker.killed_while(lambda truth: truth.of(label).coil_on, person)
    assert died.of(label).coil_on
    return died


async def the_locker_that_was_cut_off_comes_back(town: Town, day: Day) -> None:
    """After the late open has expired and opens nothing; what happened meanwhile arrives, and the QR hands out."""
    bridge = town.lockers[BRIDGE]
    expired = await town.until_command(day.late_open, "expired", "opened", "refused", within_s=EXPIRY_S_MAX)
    assert expired["state"] == "expired"
    assert expired["accepted_at"] is None
    await bridge.mend()
    await town.until_parcel(AWAY, "ready_for_pickup")
    letter = day.codes[AWAY] = await town.mailbox.letter(mail_of(AWAY), READY)
    await town.until_acknowledged(BRIDGE)
    assert bridge.truth().of("B06").pulses == 0
    assert (await bridge.recipient().pick_up(bridge.spot, qr=letter.qr or "")).parcel == AWAY
    await town.until_parcel(AWAY, "picked_up")
    assert (await town.get(f"/v1/lockers/{BRIDGE}/commands/{day.late_open['id']}"))["state"] == "expired"


# ---------------------------------------------------------------- the reckoning


def everything_agrees(town: Town, cabinets: dict[str, CabinetTruth]) -> None:
    """Edge and cloud have the same bytes, and the cabinets did what was written down, once."""
    for name, cabinet in cabinets.items():
        edge = ledger.edge_journal(town.lockers[name].data)
        ledger.check_agreement(name, edge, ledger.cloud_journal(town.database, name))
        ledger.check_doors(edge, cabinet)
    inside = {(name, one.contents) for name, cabinet in cabinets.items() for one in cabinet.compartments}
    assert {(name, parcel) for name, parcel in inside if parcel} == {(CENTRE, WAITING)}
    events = ledger.edge_journal(town.lockers[CENTRE].data).events
    counted = {kind: sum(isinstance(one, kind) for one in events) for kind in (ParcelPickedUp, CodeBurnt)}
    assert counted == {ParcelPickedUp: 4, CodeBurnt: 4}
    assert sum(isinstance(one, ReleaseIndeterminate) for one in events) == 1
    assert all(one.intent is not None for one in events if isinstance(one, DoorOpened))


def nothing_was_told(town: Town, day: Day) -> None:
    """No code, name, telephone number or address of anybody in a log or in a locker's database."""
    codes = [(letter.code or "").replace(" ", "") for letter in day.codes.values()]
    assert len(set(codes)) == len(codes) == 7
    barcodes = [*day.codes, HOME, IMPOSSIBLE]
    people = [fact for one in barcodes for fact in (papers.name_of(one), mail_of(one))]
    private = [*codes, *people, papers.PHONE, papers.PHONE.removeprefix("+48"), "Marszałkowska 99"]
    assert leaks(ledger.bytes_of(town.folder, "*.log"), private) == []
    assert leaks(ledger.bytes_of(town.folder / "lockers", "locker.db*"), [*private, *barcodes]) == []
    assert leaks(ledger.bytes_of(town.folder / "cloud", "*.sqlite*"), codes) == []
