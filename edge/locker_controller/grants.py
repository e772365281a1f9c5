"""Questions about grants: which are live, which are spent, what a signed-in courier may do."""

from collections.abc import Iterator

from contract.grants import CollectGrant, DropOffGrant, PickUpGrant
from contract.ids import CompartmentLabel, GroupId
from contract.state import TimeQuality
from edge.locker_controller.compartment import holding, is_of_before
from edge.locker_controller.state import GroupRecord, LockerRecord, Session
from edge.locker_controller.timekeeping import TimeReading

_UNTOUCHED = GroupRecord(keep_until_s=0)


def sure_s(now: TimeReading) -> int:
    """Return the Unix second by which rights are judged.

    With an untrusted clock that is the floor: a wall clock that is years ahead must not let every grant expire.
    """
    return now.floor_ms // 1000 if now.quality is TimeQuality.UNTRUSTED else now.now_s


def group_of(state: LockerRecord, group: GroupId) -> GroupRecord:
    """Return what became of ``group``, which may be nothing yet."""
    return state.groups.get(group, _UNTOUCHED)


def pick_up_is_dead(state: LockerRecord, group: GroupId) -> bool:
    """Whether nothing in ``group`` opens for a recipient any more."""
    record = group_of(state, group)
    return record.picked_up or record.collected or record.revoked


def drop_off_is_live(state: LockerRecord, grant: DropOffGrant, now: TimeReading) -> bool:
    record = group_of(state, grant.group)
    return not (record.dropped_off or record.revoked) and sure_s(now) <= grant.expires_at


def collect_is_live(state: LockerRecord, grant: CollectGrant, now: TimeReading) -> bool:
    """Whether a courier may collect; a revoked group is no obstacle, for revoked parcels are what is collected."""
    return not group_of(state, grant.group).collected and sure_s(now) <= grant.expires_at


def deadline(state: LockerRecord, group: GroupId, expires_at: int) -> int:
    """Return the deadline in force: the latest anybody was ever told, for it can be extended and never shortened."""
    return max(expires_at, group_of(state, group).deadline or 0)


def may_use(session: Session, grant: DropOffGrant | CollectGrant) -> bool:
    """Whether a grant is this courier's: their own pass names it, or it is theirs.

    A drop-off that names nobody is for whoever has the parcel in hand; a collection that names nobody is for nobody
    but who shows a pass that names it, because what is taken out needs no label.
    """
    if grant.id in session.grants:
        return True
    anybodys = grant.courier is None and isinstance(grant, DropOffGrant)
    return not session.named_only and (anybodys or grant.courier == session.courier)


def drop_offs(state: LockerRecord, now: TimeReading) -> Iterator[DropOffGrant]:
    """Yield the parcels that may be put in now."""
    for grant in state.grants.values():
        if isinstance(grant, DropOffGrant) and drop_off_is_live(state, grant, now):
            yield grant


def pick_ups(state: LockerRecord) -> Iterator[PickUpGrant]:
    """Yield every pick-up grant, dead ones too."""
    return (grant for grant in state.grants.values() if isinstance(grant, PickUpGrant))


def collections(state: LockerRecord, now: TimeReading) -> dict[CompartmentLabel, CollectGrant]:
    """Return what a courier may take out now, by compartment in the layout's order.

    Not on the memory of a card of before alone (``salvage.alarmed``): another parcel may lie there by now.
    """
    inside = {
        label: grant
        for grant in state.grants.values()
        if isinstance(grant, CollectGrant) and collect_is_live(state, grant, now)
        for label in [holding(state, grant.parcel)]
        if label is not None and not is_of_before(state.compartments[label])
    }
    return {label: inside[label] for label in state.compartments if label in inside}
