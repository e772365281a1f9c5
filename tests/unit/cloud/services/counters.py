"""A partner's counter in the small cloud: a shelf, somebody who works there, parcels promised to it."""

from dataclasses import replace
from typing import Any

from cloud.domain.actors import Actor, Role, actor
from cloud.domain.locker import Locker, PointKind
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.counter_desk import TakenIn, take_in
from cloud.services.counter_staff import create_staff
from cloud.services.import_lockers import import_lockers
from cloud.services.imports import ImportSource
from cloud.services.people import actor_of
from cloud.services.promise import promise
from cloud.services.records_ops import Account
from contract.codes import PickUpCode, StretchedCode, make_code
from contract.ids import LockerId
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import COURIER, LINE, OPERATOR, SmallCloud

SHOP, OTHER_SHOP = "WAW-SHOP", "WAW-CAFE"
SHOP_HOURS = "Mo-Fr 10:00-19:00; Sa 10:00-14:00"
SMALL_SHELF = ((SizeClass.XS, 1), (SizeClass.S, 2), (SizeClass.M, 1))
STRANGER = actor(Role.STAFF, f"{OTHER_SHOP}/{'e' * 32}")


def shop(cloud: SmallCloud, name: str = SHOP, **changes: Any) -> Actor:
    """Import a counter, let somebody work there, and return who."""
    line = replace(
        LINE, id=LockerId(name), kind=PointKind.COUNTER, shelf=SMALL_SHELF, opening_hours=SHOP_HOURS, model=""
    )
    source = ImportSource("lockers", "test", "0" * 64)
    report = cloud.do(lambda uow: import_lockers(uow, cloud.act(), source, [replace(line, **changes)]))
    assert report.added == 1, report.problems
    account = Account(
        id=cloud.ids.new(),
        login=f"ola.{name.lower()}",
        name="Ola",
        password_hash="",
        roles=Role.STAFF,
        courier_id=None,
        created_at=cloud.now,
        disabled_at=None,
        counter_id=name,
    )
    return actor_of(cloud.do(lambda uow: create_staff(uow, cloud.act(OPERATOR), cloud.keys, account)))


def on_its_way(cloud: SmallCloud, number: int = 1, name: str = SHOP, **changes: Any) -> Parcel:
    """Put a parcel into a van and promise it a place; its code is ``code(number)``."""
    van = {"state": ParcelState.OUT_FOR_DELIVERY, "custodian": f"courier:{COURIER}"}
    parcel = cloud.parcel(f"P{number}", **(van | changes))
    cloud.codes(name, number)
    place = cloud.the(Locker, id=name)
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, parcel, place))
    return cloud.again(parcel)


def brought(cloud: SmallCloud, staff: Actor, number: int = 1, name: str = SHOP, **changes: Any) -> Parcel:
    """Have a parcel promised, brought and scanned."""
    parcel = on_its_way(cloud, number, name, **changes)
    scanned(cloud, staff, parcel.barcode, name)
    return cloud.again(parcel)


def scanned(cloud: SmallCloud, staff: Actor, barcode: str, name: str = SHOP) -> TakenIn:
    return cloud.do(lambda uow: take_in(uow, cloud.act(staff), name, barcode))


def code(number: int) -> PickUpCode:
    return make_code(number)


def stretched(number: int) -> StretchedCode:
    """Return what ``SmallCloud.codes`` stores for a number instead of fifty milliseconds of Argon2id."""
    return StretchedCode(number.to_bytes(32))
