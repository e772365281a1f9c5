"""From three files to a day the planner decides on: who may choose a locker, and which."""

from dataclasses import replace
from datetime import datetime

import pytest

from cloud.intake.parcels_csv import ParcelRow
from cloud.plan_files.day import Assumptions, Files, NamedDay, day_of, to_doors, to_nearest, without_others
from cloud.routing.problem import Place, Reload, Soft, StopKind, TimeWindow
from contract.ids import LockerId
from tests.unit.cloud.plan_files.builders import COURIER, DAY, FAR, LAYOUTS, NEAR, PARCEL, ZONE, a_day, helped_day


def offered(day: NamedDay) -> list[str]:
    (choice,) = day.joint.choices
    return [one.site_id for one in choice.sites]


def test_a_parcel_may_go_to_lockers_its_recipient_would_walk_to() -> None:
    assert offered(a_day(PARCEL)) == ["WAW-NEAR"]


def test_a_preferred_locker_is_the_only_one_however_far() -> None:
    assert offered(a_day(replace(PARCEL, preferred_locker="WAW-FAR"))) == ["WAW-FAR"]


@pytest.mark.parametrize(
    "parcel",
    [
        replace(PARCEL, locker_allowed=False),
        replace(PARCEL, perishable=True),
        replace(PARCEL, temperature_controlled=True),
        replace(PARCEL, weight_g=40_000),
        replace(PARCEL, length_mm=2_000),
        replace(PARCEL, lon=20.5),
    ],
    ids=["not allowed", "perishable", "cold", "too heavy", "too large", "no locker near"],
)
def test_everything_else_goes_to_the_door(parcel: ParcelRow) -> None:
    day = a_day(parcel)
    assert day.joint.choices == ()
    assert [stop.kind for stop in day.joint.stops] == [StopKind.HOME]


def test_a_window_counts_from_the_midnight_of_the_day() -> None:
    begins, ends = datetime(2026, 11, 23, 10, tzinfo=ZONE), datetime(2026, 11, 23, 12, tzinfo=ZONE)
    (choice,) = a_day(replace(PARCEL, window_from=begins, window_to=ends)).joint.choices

    assert choice.windows == (TimeWindow(36_000, 43_200),)


def test_a_locker_that_is_shut_that_day_takes_nothing() -> None:
    shut = replace(NEAR, opening_hours="Tu-Su 08:00-20:00")  # the day is a Monday
    assert [site.is_open for site in a_day(PARCEL, lockers=(shut,)).joint.sites] == [False]


def test_a_locker_without_a_model_has_the_compartments_of_the_assumed_one() -> None:
    near, far = a_day(PARCEL).joint.sites
    assert (sum((near.free or {}).values()), sum((far.free or {}).values())) == (12, 20)


def test_without_lockers_everything_goes_to_the_door() -> None:
    (choice,) = to_doors(a_day(PARCEL)).joint.choices
    assert choice.sites == ()
    assert choice.home is not None


def test_nearest_means_the_first_that_still_has_room() -> None:
    # an S12 has one XL compartment, and these need it
    large = replace(PARCEL, length_mm=600, width_mm=440, height_mm=430)
    day = to_nearest(a_day(large, replace(large, barcode="LM2")))

    assert [[one.site_id for one in choice.sites] for choice in day.joint.choices] == [["WAW-NEAR"], []]
    assert [choice.home is None for choice in day.joint.choices] == [True, False]


def test_a_model_nobody_knows_is_named() -> None:
    with pytest.raises(KeyError, match="Z99"):
        a_day(PARCEL, lockers=(replace(FAR, id=LockerId("WAW-ODD"), model="Z99"),))


def test_trips_and_tariffs_are_couriers_and_partners_of_the_day() -> None:
    day = helped_day(PARCEL)
    own, ewa = day.joint.couriers

    assert (ewa.id, ewa.end, ewa.detour_m_max, ewa.costs.per_parcel_cents) == ("Ewa", None, 4_000, 250)
    assert (ewa.capacity.parcels, ewa.capacity.weight_g, ewa.capacity.volume_cm3) == (6, 30_000, 400_000)
    assert [(one.id, one.base_cents, one.weight_g_max) for one in day.joint.tariffs] == [("Bikes", 190, 8_000)]
    assert without_others(day).joint.couriers == (own,)
    assert without_others(day).joint.tariffs == ()
    assert without_others(day, crowd=True).joint.couriers == (own, ewa)
    assert without_others(day, partners=True).joint.tariffs == day.joint.tariffs


def test_a_window_with_a_price_keeps_its_end_as_the_limit() -> None:
    at = [datetime(2026, 11, 23, hour, tzinfo=ZONE) for hour in (9, 11, 12)]
    priced = replace(PARCEL, window_from=at[0], window_to=at[2], soft=(at[1], 20), locker_allowed=False)
    (choice,) = a_day(priced).joint.choices
    assert choice.windows == (TimeWindow(9 * 3600, 12 * 3600),)
    assert choice.soft == Soft(11 * 3600, 20)


def test_a_van_loads_where_its_shift_begins() -> None:
    bike = replace(COURIER, reload=(2, 600, (0, 50_400)))
    (courier,) = day_of(Files((PARCEL,), (NEAR,), (bike,)), DAY, LAYOUTS, Assumptions(ZONE)).joint.couriers
    assert courier.reload == Reload(Place(*bike.start), 2, 600, (TimeWindow(0, 50_400),))
