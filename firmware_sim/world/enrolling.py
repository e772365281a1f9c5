"""Lockers that have just been enrolled: what the claim, the request and the bundle would leave on both sides."""

import random

from cloud.domain.locker import Locker, LockerStatus
from cloud.intake.lockers_geojson import LockerRow
from cloud.services.device_keys import about_key
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.models import STANDARD
from cloud.services.ports import Keys
from cloud.services.records import LockerKey
from contract.ids import LockerId
from firmware_sim.world.keyholders import ROOT
from firmware_sim.world.office import Office
from firmware_sim.world.site import Secrets

LAYOUT = STANDARD[0]


def enrolled(office: Office, number: int, chance: random.Random) -> Secrets:
    """Announce locker ``L<number>`` and give it its keys; it becomes active with its first snapshot."""
    locker = LockerId(f"L{number}")
    secrets = Secrets(
        locker=locker,
        layout=LAYOUT,
        key_locker=chance.randbytes(32),
        salt_locker=chance.randbytes(16),
        device=office.craft.keys.private(chance.randbytes(32)),
        root_of_trust=ROOT.public_key().public_bytes_raw(),
        cloud_keys={office.signer.key_id: office.signer.private_key.public_key()},
    )
    row = LockerRow(
        line=number,
        id=locker,
        name=f"Metro {number}",
        lon=21.0,
        lat=52.23,
        address=f"Zlota {number}",
        opening_hours="24/7",
        model=LAYOUT.model,
    )
    source = ImportSource("lockers", "world", "0" * 64)
    office.do(lambda uow: import_lockers(uow, office.act(), source, [row]))
    office.do(lambda uow: uow.change(Locker, {"id": locker}, status=LockerStatus.ENROLLING))
    key = _key(office, office.keys, secrets)
    office.do(lambda uow: uow.add(key))
    return secrets


def _key(office: Office, keys: Keys, secrets: Secrets) -> LockerKey:
    number = office.ids.new()
    return LockerKey(
        id=number,
        locker_id=secrets.locker,
        key_sealed=keys.box.seal(secrets.key_locker, about_key(number)),
        salt_sealed=keys.box.seal(secrets.salt_locker, about_key(number)),
        signing_public=secrets.device.public_key().public_bytes_raw(),
        certificate_serial="1",
        certificate_until=None,
        created_at=office.clock.now(),
        revoked_at=None,
    )
