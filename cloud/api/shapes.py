"""What goes over the API, in JSON: closed shapes with a limit on every field, apart from the records behind them.

Times are RFC 3339 with an offset; lengths mm, weights g, places longitude and latitude in degrees.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from contract.ids import IdError, compartment_label, locker_id

REASON_MAX = 300  # a sentence or two that somebody will read in an audit log
NOTE_MAX = 1_000  # what a courier types on a phone
NAME_MAX = 200  # the longest name a label prints

Hex = r"^[0-9a-f]{32}$"


def _checked(check: Callable[[str], str]) -> AfterValidator:
    def validate(text: str) -> str:
        try:
            return check(text)
        except IdError as error:
            raise ValueError(error.rule) from error

    return AfterValidator(validate)


def _readable(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; say something")
    if not all(character.isprintable() or character == "\n" for character in text):
        raise ValueError("has control characters in it")
    return text.strip()


# The rules are the contract's; the patterns only say the same to whoever reads the description.
_LOCKER = {"pattern": "^[A-Z0-9]([A-Z0-9-]{0,30}[A-Z0-9])?$"}
_DOOR = {"pattern": "^[A-Z]{1,2}[0-9]{1,3}$"}
LockerName = Annotated[str, _checked(locker_id), Field(examples=["WAW-CEN"], json_schema_extra=_LOCKER)]
DoorName = Annotated[str, _checked(compartment_label), Field(examples=["A07"], json_schema_extra=_DOOR)]
Id = Annotated[str, Field(pattern=Hex, examples=["0" * 32])]
Reason = Annotated[str, Field(min_length=1, max_length=REASON_MAX), AfterValidator(_readable)]
Note = Annotated[str, Field(max_length=NOTE_MAX)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX), AfterValidator(_readable)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Moment = AwareDatetime
PathId = Annotated[str, Path(pattern=Hex)]
PathLocker = Annotated[str, _checked(locker_id), Path(json_schema_extra=_LOCKER)]


class Asked(BaseModel):
    """A body we are sent: a field nobody knows is a mistake worth naming."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer, read from a record's fields of the same names."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class ProblemShape(BaseModel):
    """RFC 9457; some kinds carry more members."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


class Why(Asked):
    reason: Reason


class ParcelShape(Told):
    """A parcel as its carrier, an operator or support sees it."""

    id: str
    carrier: str
    barcode: str
    recipient_name: str
    recipient_email: str | None
    recipient_phone: str | None
    language: str
    address: str
    lon: float
    lat: float
    length_mm: int
    width_mm: int
    height_mm: int
    weight_g: int
    window_from: datetime | None
    window_to: datetime | None
    locker_allowed: bool
    preferred_locker: str | None
    low_door: bool
    state: str
    custodian: str
    locker_id: str | None
    compartment: str | None
    dropped_off_at: datetime | None
    deadline: datetime | None
    import_id: str | None
    created_at: datetime
    updated_at: datetime


class HistoryShape(Told):
    at: datetime
    happened: str
    state: str
    custodian: str
    actor: str
    locker_id: str | None
    compartment: str | None
    detail: str


class CommandShape(Told):
    """A command and everything known of it: ``sent`` means given to the broker, nothing more."""

    id: str
    locker_id: str
    kind: str
    compartment: str | None
    reason: str
    state: str
    issued_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    opened_at: datetime | None
    ended_at: datetime | None
    refusal: str | None


class JobShape(BaseModel):
    """Work in the background. ``state`` is waiting, running, done or failed; ``detail`` says how it ended."""

    id: str
    job: str
    state: str
    done: int = 0
    total: int = 0
    detail: str = ""
    started_at: datetime
    finished_at: datetime | None = None


PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemShape, "description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (400, "The request cannot be read"),
        (401, "Nobody knows who asks"),
        (403, "This role may not do it"),
        (404, "There is nothing of this name"),
        (409, "The world is not in the state this would need"),
        (413, "The body is too large"),
        (415, "Send another type of content"),
        (422, "A field cannot be right"),
        (429, "Too often; see Retry-After"),
        (503, "Too much to do; see Retry-After"),
    )
}
