"""The limits this network runs by, as its operator set them when the cloud was started."""

from typing import Annotated

from fastapi import APIRouter

from cloud.api.calls import Call, needs
from cloud.api.shapes import Told
from cloud.domain.actors import Role

router = APIRouter(prefix="/v1/settings", tags=["settings"])
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]


class SettingsShape(Told):
    """Set by flags of ``latchmile-cloud`` or variables: ``--detour-cents-max`` is ``LATCHMILE_DETOUR_CENTS_MAX``.

    Every amount in cents, here and elsewhere, is in hundredths of ``currency`` (ISO 4217).
    """

    detour_cents_max: int
    trip_detour_m_max: int
    walk_m_max: int
    time_zone: str
    currency: str


@router.get("")
async def get_settings(call: Seeing) -> SettingsShape:
    """Return what a detour may cost, how much farther a crowd courier may drive, how far recipients walk."""
    rules = call.rim.rules
    return SettingsShape(
        detour_cents_max=rules.detour_cents_max,
        trip_detour_m_max=rules.trip_detour_m_max,
        walk_m_max=rules.walk_m_max,
        time_zone=call.rim.locality.zone.key,
        currency=call.rim.locality.currency,
    )
