"""The first start: an operator to sign in, keys for a carrier and for scripts, and the models of lockers.

The secrets are written to ``first-start.json`` (0600) inside the transaction that makes them: either both are there
or neither, and the next start tries again.
"""

import base64
import json
from pathlib import Path

from argon2 import PasswordHasher

from cloud.domain.actors import SYSTEM, Role
from cloud.rim import Rim
from cloud.services.models import add_standard_models
from cloud.services.people import create_account, create_api_key
from cloud.services.ports import UnitOfWork
from cloud.services.records_ops import Account
from provisioning.files import write_atomically

FILE = "first-start.json"
LOGIN = "operator"
CARRIER = "carrier"
PASSWORD_BYTES = 15  # 120 random bits, 24 characters in base32


async def first_start(rim: Rim, data: Path) -> Path | None:
    """Make what the first start makes; return the file with the secrets, ``None`` when this was not the first."""
    act = rim.act(SYSTEM)
    password = base64.b32encode(rim.ids.bytes(PASSWORD_BYTES)).decode().lower()
    password_hash = PasswordHasher().hash(password)

    def unit(uow: UnitOfWork) -> Path | None:
        add_standard_models(uow, act)
        if uow.count(Account):
            return None
        account = Account(
            id=act.ids.new(),
            login=LOGIN,
            name="The first operator",
            password_hash=password_hash,
            roles=Role.OPERATOR,
            courier_id=None,
            created_at=act.now,
            disabled_at=None,
        )
        create_account(uow, act, account)
        carrier = create_api_key(uow, act, CARRIER, ("parcels",))
        scripts = create_api_key(uow, act, LOGIN, ("operate",))
        secrets = {
            "operator": {"login": LOGIN, "password": password},
            "operator_key": scripts.secret,
            "carrier": CARRIER,
            "carrier_key": carrier.secret,
        }
        write_atomically(data / FILE, json.dumps(secrets, indent=2).encode() + b"\n")
        return data / FILE

    return await rim.do(unit)
