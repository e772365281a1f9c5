"""Lockers for those who run them: what each is, what its doors did, and what may be asked of it."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, CommandShape, DoorName, Id, PathId, PathLocker, Reason, Told
from cloud.domain.actors import Role
from cloud.domain.errors import NotFoundError
from cloud.services import queries
from cloud.services.certificates import certificate_until
from cloud.services.desire_configuration import desire_configuration
from cloud.services.enrol_locker import make_claim
from cloud.services.ports import Act, LoggedEvent, UnitOfWork
from cloud.services.records_ops import CommandSent
from cloud.services.remote_open import OpenWish, remote_open
from cloud.services.revoke_locker import revoke_locker
from cloud.services.set_service import ServiceWish, set_service
from contract.codec import CodecError, decode_entry
from contract.events import Entry
from contract.ids import compartment_label
from contract.state import Configuration

router = APIRouter(prefix="/v1/lockers", tags=["lockers"])
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.SUPPORT, Role.INSTALLER, Role.PLANNER, changing=False)]
Fitting = Annotated[Call, needs(Role.OPERATOR, Role.INSTALLER)]
Opening = Annotated[Call, needs(Role.OPERATOR)]
Serving = Annotated[Call, needs(Role.OPERATOR, Role.SUPPORT)]

_SECONDS_MAX = 3_600  # an hour: longer than any pause a person makes at a locker


class FleetLocker(Told):
    locker_id: str
    name: str
    status: str
    online: bool
    seen_at: datetime | None
    lon: float
    lat: float
    compartments: int
    occupied: int
    out_of_service: int
    reserved: int
    parcels_waiting: int
    alarms: int
    kind: str


class FleetShape(Told):
    lockers: list[FleetLocker]


class CompartmentShape(Told):
    label: str
    size: str
    low: bool
    door: str
    contents: str
    parcel_id: str | None
    status: str
    fault: str | None


class AlarmShape(Told):
    id: str
    kind: str
    severity: str
    compartment: str | None
    detail: str
    raised_at: datetime


class LockerShape(Told):
    id: str
    name: str
    model: str
    kind: str
    status: str
    lon: float
    lat: float
    address: str
    opening_hours: str
    online: bool
    seen_at: datetime | None
    agent_version: str | None
    certificate_until: datetime | None
    intake_open: bool
    compartments: list[CompartmentShape]
    left: dict[str, int]
    alarms: list[AlarmShape]
    commands: list[CommandShape]


class EventShape(Told):
    """``said`` is the event's own fields; bytes are written as hex."""

    sequence: int
    at_ms: int
    kind: str
    compartment: str | None
    parcel_id: str | None
    said: dict[str, object]


class TimelineShape(Told):
    events: list[EventShape]


class ClaimShape(Told):
    """``claim`` is shown once and never again."""

    locker_id: str
    claim: str
    expires_at: datetime


class OpenAsked(Asked):
    compartment: DoorName
    reason: Reason


class ServiceAsked(Asked):
    """``parcel_id``: what staff have seen inside, at a locker that has lost its memory."""

    compartment: DoorName
    in_service: bool
    reason: Reason
    parcel_id: Id | None = None


class ConfigurationAsked(Asked):
    """What may be changed at a locker from afar; whatever is left out takes its default.

    ``quiet_*``: minutes after midnight at the locker between which no reminder sounds; equal for none.
    """

    door_left_open_s: Annotated[int, Field(ge=5, le=_SECONDS_MAX)] = 60
    confirm_s: Annotated[int, Field(ge=5, le=_SECONDS_MAX)] = 30
    open_detect_ms: Annotated[int, Field(ge=100, le=30_000)] = 3_000
    courier_session_s: Annotated[int, Field(ge=10, le=_SECONDS_MAX)] = 180
    support_phone: Annotated[str, Field(max_length=30)] = ""
    name: Annotated[str, Field(max_length=100)] = ""
    quiet_from_min: Annotated[int, Field(ge=0, lt=24 * 60)] = 0
    quiet_to_min: Annotated[int, Field(ge=0, lt=24 * 60)] = 0


class RevokeAsked(Asked):
    reason: Reason


class RevokedShape(Told):
    id: str
    status: str


class ConfigurationShape(Told):
    version: int
    applied_version: int


@router.get("")
async def list_lockers(call: Seeing) -> FleetShape:
    """Return the whole fleet, one line each."""
    rows = await call.look(queries.fleet)
    return FleetShape(lockers=[FleetLocker.model_validate(row) for row in rows])


@router.get("/{locker_id}")
async def get_locker(call: Seeing, locker_id: PathLocker) -> LockerShape:
    """Return one locker with its compartments, open alarms and latest commands."""

    def unit(uow: UnitOfWork) -> tuple[queries.LockerPage, datetime | None]:
        return queries.locker_page(uow, locker_id), certificate_until(uow, locker_id)

    found, until = await call.look(unit)
    own = {name: getattr(found.locker, name) for name in found.locker.__slots__}
    return LockerShape(
        **{name: value for name, value in own.items() if name in LockerShape.model_fields},
        certificate_until=until,
        compartments=[CompartmentShape.model_validate(one) for one in found.compartments],
        left={str(size): count for size, count in found.left.items()},
        alarms=[AlarmShape.model_validate(one) for one in found.alarms],
        commands=[CommandShape.model_validate(one) for one in found.commands],
    )


@router.get("/{locker_id}/timeline")
async def get_timeline(
    call: Seeing, locker_id: PathLocker, compartment: Annotated[DoorName | None, Query()] = None
) -> TimelineShape:
    """Return what the locker, or one door of it, did; newest first."""
    label = None if compartment is None else compartment_label(compartment)

    def unit(uow: UnitOfWork) -> list[LoggedEvent]:
        queries.locker_page(uow, locker_id)
        return queries.timeline(uow, locker_id, label)

    return TimelineShape(events=[event_shape(one) for one in await call.look(unit)])


def event_shape(logged: LoggedEvent) -> EventShape:
    """Decode a journal entry for reading; one from a newer agent shows its kind only."""
    return EventShape(
        sequence=logged.sequence,
        at_ms=logged.at_ms,
        kind=logged.kind,
        compartment=logged.compartment,
        parcel_id=logged.parcel_id,
        said=_said(logged.entry),
    )


def _said(raw: bytes) -> dict[str, object]:
    try:
        entry = decode_entry(raw)
    except CodecError:
        return {}
    if not isinstance(entry, Entry):
        return {}
    fields = msgspec.structs.asdict(entry.event)
    return {name: _readable(value) for name, value in fields.items()}


def _readable(value: object) -> object:
    """Write bytes as hex, also those in a list of ids: JSON has no bytes."""
    if isinstance(value, tuple):
        return [_readable(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


@router.post("/{locker_id}/claims", status_code=201, response_model=ClaimShape)
async def post_claim(call: Fitting, locker_id: PathLocker) -> Response:
    """Make a one-time right to join as this locker; it holds for a day, and ends any earlier one."""

    def work(uow: UnitOfWork, act: Act) -> ClaimShape:
        made = make_claim(uow, act, locker_id)
        return ClaimShape(locker_id=made.locker_id, claim=made.secret, expires_at=made.expires_at)

    return await call.do(work, 201)


@router.post("/{locker_id}/revoke", response_model=RevokedShape)
async def post_revoke(call: Opening, locker_id: PathLocker, asked: RevokeAsked) -> Response:
    """Take the locker's identity back: nothing it says is believed, and the broker refuses it within a minute."""
    return await call.do(
        lambda uow, act: RevokedShape.model_validate(revoke_locker(uow, act, locker_id, asked.reason)), 200
    )


@router.post("/{locker_id}/remote-opens", status_code=202, response_model=CommandShape)
async def post_remote_open(call: Opening, locker_id: PathLocker, asked: OpenAsked) -> Response:
    """Ask the locker to open a door. What became of it stands at the command, not here."""
    wish = OpenWish(locker_id, compartment_label(asked.compartment), asked.reason)
    keys = call.rim.keys
    return await call.do(lambda uow, act: CommandShape.model_validate(remote_open(uow, act, keys, wish)), 202)


@router.get("/{locker_id}/commands/{command_id}")
async def get_command(call: Seeing, locker_id: PathLocker, command_id: PathId) -> CommandShape:
    """Return what is known of a command: sent, accepted, opened, refused with the reason, expired."""
    found: CommandSent = await call.look(lambda uow: uow.need(CommandSent, command_id))
    if found.locker_id != locker_id:
        raise NotFoundError("command", command_id)
    return CommandShape.model_validate(found)


@router.post("/{locker_id}/service", status_code=202, response_model=CommandShape)
async def post_service(call: Serving, locker_id: PathLocker, asked: ServiceAsked) -> Response:
    """Take a compartment out of service, or put it back."""
    wish = ServiceWish(locker_id, compartment_label(asked.compartment), asked.in_service, asked.reason, asked.parcel_id)
    keys = call.rim.keys
    return await call.do(lambda uow, act: CommandShape.model_validate(set_service(uow, act, keys, wish)), 202)


@router.post("/{locker_id}/configuration", status_code=202, response_model=ConfigurationShape)
async def post_configuration(call: Fitting, locker_id: PathLocker, asked: ConfigurationAsked) -> Response:
    """Have the locker work with these settings; it applies them when it hears of them."""
    wanted = Configuration(**asked.model_dump())
    keys = call.rim.keys
    return await call.do(
        lambda uow, act: ConfigurationShape.model_validate(desire_configuration(uow, act, keys, locker_id, wanted)),
        202,
    )
