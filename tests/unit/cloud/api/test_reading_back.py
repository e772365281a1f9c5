"""What happened, read back over HTTP as an operator reads it: every kind of event, every parcel's history."""

from cloud.services.ports import LoggedEvent
from contract.codec import encode
from contract.events import Entry, GrantsAccepted
from contract.ids import BootId, GrantId, LockerId, MessageId
from tests.unit.cloud.api.office import Office

CENTRE = LockerId("WAW-CEN")
BOOT, MESSAGE, GRANTS = BootId(b"b" * 16), MessageId(b"m" * 16), (GrantId(b"1" * 16), GrantId(b"2" * 16))


async def test_a_parcel_comes_with_its_history_in_the_order_of_writing(office: Office) -> None:
    (parcel,) = await office.parcels(1)
    async with office.client() as http:
        await http.post(f"/v1/parcels/{parcel.id}/cancel", json={"reason": "sent by mistake"})
        found = await http.get(f"/v1/parcels/{parcel.id}")
    assert found.status_code == 200
    assert [line["happened"] for line in found.json()["history"]] == ["announced", "cancelled"]


async def test_a_timeline_writes_ids_as_hex_one_by_one_and_in_lists(office: Office) -> None:
    await office.lockers()
    entry = encode(Entry(1, 1_000, "synced", BOOT, GrantsAccepted(MESSAGE, GRANTS, "wire")))
    logged = LoggedEvent(CENTRE, 1, 1_000, 1_001, "GrantsAccepted", None, None, entry)
    await office.rim.do(lambda uow: uow.log.append([logged]))
    async with office.client() as http:
        (event,) = (await http.get(f"/v1/lockers/{CENTRE}/timeline")).json()["events"]
    assert event["said"] == {
        "message": MESSAGE.hex(),
        "grants": [one.hex() for one in GRANTS],
        "carrier": "wire",
    }
