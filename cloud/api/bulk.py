"""Opening many doors: operators' signing keys, the offline root's list of them, and orders with two signatures."""

import base64
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, DoorName, PathId, PathLocker, Reason, Told
from cloud.domain.actors import Role
from cloud.services import operator_keys
from cloud.services.bulk_open import BulkWish, ask_bulk, sign_bulk, withdraw_bulk
from cloud.services.bulk_view import BulkView, bulk_view
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_bulk import BulkOpening, OperatorKeyRecord
from contract.bulk import BULK_DOORS_MAX, LIST_BYTES_MAX, OrderSignature
from contract.envelope import SIGNATURE_BYTES
from contract.ids import KeyId, compartment_label
from provisioning.operators.lists import fingerprint

router = APIRouter(tags=["bulk opening"])
Opening = Annotated[Call, needs(Role.OPERATOR)]
Seeing = Annotated[Call, needs(Role.OPERATOR, changing=False)]
_LOCKERS, _KEYS = "/v1/lockers/{locker_id}/bulk-openings", "/v1/operator-keys"
_KEY = r"^op-[0-9a-f]{16}$"
_PUBLIC_KEY_BYTES = 32


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError("is no base64") from error
    return text


def _length(count: int) -> int:
    return -(-count // 3) * 4


KeyName = Annotated[str, Field(pattern=_KEY, examples=["op-" + "0" * 16])]
PathKey = Annotated[str, Path(pattern=_KEY)]


class KeyAsked(Asked):
    public_key_b64: Annotated[str, Field(max_length=_length(_PUBLIC_KEY_BYTES)), AfterValidator(_base64)]


class KeyShape(Told):
    """``fingerprint`` is what two people compare by voice before the second one confirms the key."""

    id: str
    account_id: str
    fingerprint: str
    registered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    revoked_at: datetime | None


class KeysShape(Told):
    keys: list[KeyShape]


class ListAsked(Asked):
    statement_b64: Annotated[str, Field(max_length=_length(LIST_BYTES_MAX + 256)), AfterValidator(_base64)]


class ListShape(Told):
    number: int
    expires_at: datetime


class BulkAsked(Asked):
    compartments: Annotated[list[DoorName], Field(min_length=1, max_length=BULK_DOORS_MAX)]
    reason: Reason


class SignatureAsked(Asked):
    """An Ed25519 signature over PAE("lm/bulk/v1", order)."""

    key_id: KeyName
    signature_b64: Annotated[str, Field(max_length=_length(SIGNATURE_BYTES)), AfterValidator(_base64)]


class BulkShape(Told):
    """``order_b64`` is the text to sign; ``doors`` says what became of each."""

    id: str
    locker_id: str
    stage: str
    order_b64: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    first_by: str | None
    second_by: str | None
    refusal: str | None
    doors: dict[str, str]


@router.get(_KEYS)
async def get_keys(call: Seeing) -> KeysShape:
    """Return every signing key that was ever registered, newest first."""
    keys = await call.look(lambda uow: uow.find(OperatorKeyRecord, order="-registered_at id"))
    return KeysShape(keys=[key_shape(one) for one in keys])


@router.post(_KEYS, status_code=201, response_model=KeyShape)
async def post_key(call: Opening, asked: KeyAsked) -> Response:
    """Register the public half of a signing key of your own; somebody else confirms it."""
    public = base64.b64decode(asked.public_key_b64)
    return await call.do(lambda uow, act: key_shape(operator_keys.register_key(uow, act, public)), 201)


@router.post(_KEYS + "/{key_id}/confirmation", response_model=KeyShape)
async def post_confirmation(call: Opening, key_id: PathKey) -> Response:
    """Confirm another operator's key, after comparing its fingerprint with them."""
    return await call.do(lambda uow, act: key_shape(operator_keys.confirm_key(uow, act, key_id)))


@router.post(_KEYS + "/{key_id}/revocation", response_model=KeyShape)
async def post_revocation(call: Opening, key_id: PathKey) -> Response:
    """Stop believing a key."""
    return await call.do(lambda uow, act: key_shape(operator_keys.revoke_key(uow, act, key_id)))


@router.get(_KEYS + "/list", response_class=Response)
async def get_list(call: Seeing) -> Response:
    """Return the confirmed keys as the file for ``latchmile-operators``."""
    keys = await call.look(operator_keys.registered)
    headers = {"Content-Disposition": 'attachment; filename="operator-keys.json"'}
    return Response(msgspec.json.encode(keys), headers=headers, media_type="application/json")


@router.post("/v1/operator-lists", status_code=201, response_model=ListShape)
async def post_list(call: Opening, asked: ListAsked) -> Response:
    """Hand in a list of operators that the offline root has signed; it goes to every locker."""
    raw, rim = base64.b64decode(asked.statement_b64), call.rim

    def work(uow: UnitOfWork, act: Act) -> ListShape:
        brought = operator_keys.bring_list(uow, act, rim.keys, raw, rim.network.root_of_trust)
        return ListShape.model_validate(brought)

    return await call.do(work, 201)


@router.post(_LOCKERS, status_code=201, response_model=BulkShape)
async def post_bulk(call: Opening, locker_id: PathLocker, asked: BulkAsked) -> Response:
    """Ask to open many doors; what comes back is to be signed by two operators within ten minutes."""
    labels = tuple(compartment_label(one) for one in asked.compartments)
    wish = BulkWish(locker_id, labels, asked.reason)
    return await call.do(lambda uow, act: _shape(uow, act, ask_bulk(uow, act, wish)), 201)


@router.get(_LOCKERS + "/{opening_id}")
async def get_bulk(call: Seeing, locker_id: PathLocker, opening_id: PathId) -> BulkShape:
    """Return a request to open many doors, and what became of every door."""
    now = call.rim.clock.now()
    return bulk_shape(await call.look(lambda uow: bulk_view(uow, locker_id, opening_id, now)))


@router.post(_LOCKERS + "/{opening_id}/signatures", response_model=BulkShape)
async def post_signature(call: Opening, locker_id: PathLocker, opening_id: PathId, asked: SignatureAsked) -> Response:
    """Sign; the second signature, of another operator, sends the order."""
    signature = OrderSignature(KeyId(asked.key_id), base64.b64decode(asked.signature_b64))
    keys = call.rim.keys

    def work(uow: UnitOfWork, act: Act) -> BulkShape:
        bulk_view(uow, locker_id, opening_id, act.now)
        return _shape(uow, act, sign_bulk(uow, act, keys, opening_id, signature))

    return await call.do(work)


@router.post(_LOCKERS + "/{opening_id}/withdrawal", response_model=BulkShape)
async def post_withdrawal(call: Opening, locker_id: PathLocker, opening_id: PathId) -> Response:
    """Take a request back before its second signature."""

    def work(uow: UnitOfWork, act: Act) -> BulkShape:
        bulk_view(uow, locker_id, opening_id, act.now)
        return _shape(uow, act, withdraw_bulk(uow, act, opening_id))

    return await call.do(work)


def key_shape(key: OperatorKeyRecord) -> KeyShape:
    own = {name: getattr(key, name) for name in KeyShape.model_fields if name != "fingerprint"}
    return KeyShape(fingerprint=fingerprint(key.public_key), **own)


def bulk_shape(view: BulkView) -> BulkShape:
    opening = view.opening
    return BulkShape(
        id=opening.id,
        locker_id=opening.locker_id,
        stage=view.stage,
        order_b64=base64.b64encode(opening.order).decode(),
        asked_by=opening.asked_by,
        asked_at=opening.asked_at,
        expires_at=opening.expires_at,
        first_by=opening.first_by,
        second_by=opening.second_by,
        refusal=view.command.refusal if view.command else None,
        doors={label: str(stage) for label, stage in view.doors.items()},
    )


def _shape(uow: UnitOfWork, act: Act, opening: BulkOpening) -> BulkShape:
    return bulk_shape(bulk_view(uow, opening.locker_id, opening.id, act.now))
