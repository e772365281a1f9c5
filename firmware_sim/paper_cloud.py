"""The cloud's pen without the cloud: enrols a simulated locker and signs what people carry to it, for tests and trials.

A locker obeys signatures, not servers. Whoever wants doors to pull and no database signs with this.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import encode, to_qr
from contract.codes import CODES, KEY_BYTES, SALT_BYTES, PickUpCode, make_code, stretch, verifier
from contract.envelope import Signer
from contract.grants import Capability, CollectGrant, CourierPass, DropOffGrant, Grant, PickUpGrant
from contract.ids import (
    ID_BYTES,
    CompartmentLabel,
    CourierRef,
    GrantId,
    GroupId,
    KeyId,
    LockerId,
    MessageId,
    ParcelRef,
    label_digest,
)
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from provisioning.authority import Authority, load_or_create_authority
from provisioning.bundle import Bundle, CloudKey, save_bundle
from provisioning.device_keys import load_or_make_keys

PASS_S = 12 * 3600
DAY_S = 24 * 3600
DWELL_S = 2 * DAY_S
DOMAIN = "latchmile.internal"
NO_BROKER = ("127.0.0.1", 1)  # port 1 answers nobody; a locker that is offline never asks


def small_layout(*sizes: SizeClass) -> Layout:
    """Return a wall of compartments A01, A02 ... of these sizes; six small ones and two medium ones by default."""
    wanted = sizes or (SizeClass.S,) * 6 + (SizeClass.M,) * 2
    plans = (CompartmentPlan(CompartmentLabel(f"A{nth:02}"), size) for nth, size in enumerate(wanted, 1))
    return Layout(f"T{len(wanted)}", tuple(plans))


@dataclass(frozen=True, slots=True)
class PaperParcel:
    """A parcel that is promised to one locker, with everything anybody may need to know about it."""

    barcode: str
    locker: LockerId
    ref: ParcelRef
    group: GroupId
    code: PickUpCode
    drop_off: DropOffGrant
    pick_up: PickUpGrant


@dataclass(slots=True)
class PaperCloud:
    """Signs with a key of its own. ``folder`` keeps the certificate authority of the lockers it enrols."""

    folder: Path
    signer: Signer = field(default_factory=lambda: Signer(KeyId("paper-1"), Ed25519PrivateKey.generate()))
    broker: tuple[str, int] = NO_BROKER
    _authority: Authority | None = None
    _bundles: dict[LockerId, Bundle] = field(default_factory=dict)

    def enrol(self, locker: LockerId, layout: Layout, directory: Path) -> Bundle:
        """Fill ``directory`` as ``latchmile-enrol`` does; the device's keys are made there."""
        keys = load_or_make_keys(directory)
        authority = self.authority
        issued = authority.issue_locker(keys.csr_pem, locker, _now())
        host, port = self.broker
        bundle = Bundle(
            locker_id=locker,
            domain=DOMAIN,
            certificate_chain_pem=issued.chain_pem,
            ca_pem=authority.root_pem,
            broker_host=host,
            broker_port=port,
            cloud_keys=(CloudKey(key_id=self.signer.key_id, public_key=self._public),),
            root_of_trust=self._public,
            k_locker=secrets.token_bytes(KEY_BYTES),
            salt_locker=secrets.token_bytes(SALT_BYTES),
            layout=layout,
        )
        save_bundle(directory, bundle)
        self._bundles[locker] = bundle
        return bundle

    @property
    def authority(self) -> Authority:
        """The certificate authority, made when it is first needed."""
        if self._authority is None:
            self._authority = load_or_create_authority(self.folder, DOMAIN, _now())
        return self._authority

    def promise(self, locker: LockerId, barcode: str, size: SizeClass = SizeClass.S) -> PaperParcel:
        """Promise a parcel to a locker: a drop-off grant for a courier, a pick-up code for the recipient."""
        bundle, ref, group = self._bundles[locker], ParcelRef(_new()), GroupId(_new())
        code = make_code(secrets.randbelow(CODES))
        proof = verifier(stretch(code, bundle.salt_locker), ref, bundle.k_locker)
        drop_off = DropOffGrant(GrantId(_new()), group, ref, label_digest(barcode), size, _at(DAY_S))
        pick_up = PickUpGrant(GrantId(_new()), group, ref, proof, _at(DWELL_S))
        return PaperParcel(barcode, locker, ref, group, code, drop_off, pick_up)

    def courier_pass(self, locker: LockerId, parcels: Sequence[PaperParcel], *, collect: bool = False) -> str:
        """Return the QR text that signs a courier in, with the grants for these parcels (or for taking them out)."""
        grants: list[Grant] = []
        for parcel in parcels:
            grants += [_collect(parcel)] if collect else [parcel.drop_off, parcel.pick_up]
        return self._qr(
            CourierPass(locker, MessageId(_new()), _at(0), _at(PASS_S), CourierRef(b"paper courier 01"), tuple(grants))
        )

    def capability(self, parcel: PaperParcel) -> str:
        """Return the QR text from the recipient's message."""
        return self._qr(
            Capability(parcel.locker, MessageId(_new()), _at(0), _at(DWELL_S), parcel.group, parcel.ref),
        )

    @property
    def _public(self) -> bytes:
        return self.signer.private_key.public_key().public_bytes_raw()

    def _qr(self, document: msgspec.Struct) -> str:
        return to_qr(self.signer.sign(encode(document)))


def _collect(parcel: PaperParcel) -> CollectGrant:
    return CollectGrant(GrantId(_new()), parcel.group, parcel.ref, _at(DAY_S))


def _new() -> bytes:
    return secrets.token_bytes(ID_BYTES)


def _at(after_s: int) -> int:
    return int(time.time()) + after_s


def _now() -> datetime:
    return datetime.now(UTC)
