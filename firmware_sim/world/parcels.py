"""Parcels of a world: what they are in truth, beside what cloud and lockers believe."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cloud.domain.assignment import Scope
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.ports import UnitOfWork
from cloud.services.records import Consent
from contract.ids import label_digest

SIZES_MM = ((200, 150, 60), (300, 250, 150), (350, 300, 100), (500, 350, 300))


@dataclass(slots=True)
class Thing:
    """One physical parcel. ``odd``: people or broken hardware did something to it that no sensor can tell."""

    id: str
    barcode: str
    locker: str
    courier: str
    code: str | None = None
    qr: str | None = None
    holder: str = ""
    odd: bool = False
    fetched: bool = False
    hours: float = 0.0


def a_parcel(number: str, barcode: str, courier: str, now: datetime, about: tuple[int, int | None]) -> Parcel:
    """Return a parcel in ``courier``'s van; ``about`` is its kind of box and how many hours it may lie."""
    box, dwell_h = about
    length, width, height = SIZES_MM[box]
    return Parcel(
        id=number,
        carrier="acme",
        barcode=barcode,
        label_digest=label_digest(barcode).hex(),
        recipient_name="Ada Nowak",
        recipient_email="ada@example.test",
        recipient_phone=None,
        language="pl",
        address="Zlota 44, Warszawa",
        lon=21.0,
        lat=52.23,
        length_mm=length,
        width_mm=width,
        height_mm=height,
        weight_g=900,
        window_from=None,
        window_to=None,
        locker_allowed=True,
        preferred_locker=None,
        low_door=False,
        perishable=False,
        temperature_controlled=False,
        dwell_h_max=dwell_h,
        state=ParcelState.OUT_FOR_DELIVERY,
        custodian=f"courier:{courier}",
        locker_id=None,
        compartment=None,
        dropped_off_at=None,
        deadline=None,
        import_id=None,
        created_at=now,
        updated_at=now,
    )


def agreed(parcel: Parcel, new_id: Callable[[], str]) -> Consent:
    """Return the carrier's word that a locker will do."""
    return Consent(
        id=new_id(),
        parcel_id=parcel.id,
        given_by="carrier:acme",
        given_at=parcel.created_at,
        scope=Scope.IF_ABSENT,
        locker_id=None,
        walk_m_max=None,
        withdrawn_at=None,
    )


def store(parcel: Parcel, consent: Consent) -> Callable[[UnitOfWork], None]:
    """Return the unit that announces a parcel."""
    return lambda uow: uow.add(parcel, consent)
