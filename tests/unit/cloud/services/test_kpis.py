"""What days cost: each view of the same days adds up to the same total, and promises are counted as people do."""

from datetime import date, timedelta
from math import isclose

import pytest

from cloud.api.kpis import as_csv, shape
from cloud.domain.actors import Role, actor
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.domain.parcel import Parcel
from cloud.services.complete_stop import deliver_home
from cloud.services.follow_offers import follow_offers
from cloud.services.kpis import Kpi, Report, Tally, kpis, walk_m
from cloud.services.partner_status import PartnerSays, Status, hand_to_partner, report_status
from cloud.services.partners import accept_offer
from cloud.services.records import Attempt, Route, TaskState
from cloud.services.reroute import end_tasks
from cloud.services.start_route import start_route
from contract.events import ParcelDroppedOff
from contract.ids import ParcelRef
from tests.unit.cloud.services.outside_street import ANNA, LEAVES, SWIFT, OutsideStreet, crowd
from tests.unit.cloud.services.test_day import DRIVER, Depot, depot
from tests.unit.cloud.small_cloud import A01, COURIER, GRANT, MORNING, OPERATOR, REF, SmallCloud

__all__ = ["depot"]
TODAY = MORNING.date()


def report(cloud: SmallCloud, first: date = TODAY, last: date = TODAY) -> Report:
    return cloud.do(lambda uow: kpis(uow, cloud.act(OPERATOR), first, last))


def delivered(depot: Depot, parcel: Parcel, after_h: float = 2) -> None:
    depot.cloud.now = MORNING + timedelta(hours=after_h)
    depot.cloud.do(lambda uow: deliver_home(uow, depot.cloud.act(DRIVER), parcel.id, "signed"))


def failed(depot: Depot, parcel: Parcel) -> None:
    cloud = depot.cloud
    attempt = Attempt(
        id=cloud.ids.new(),
        parcel_id=parcel.id,
        courier_id=COURIER,
        stop_id=None,
        at=cloud.now,
        reason="absent",
        note="",
        lon=None,
        lat=None,
        outcome="",
    )
    cloud.do(lambda uow: uow.add(attempt))
    cloud.do(lambda uow: end_tasks(uow, cloud.act(), parcel.id, TaskState.FAILED))


def a_driven_day(depot: Depot) -> list[Parcel]:
    """Two homes (one with a window), one locker; the second home fails."""
    begins, ends = MORNING + timedelta(hours=1), MORNING + timedelta(hours=3)
    homes = [depot.cloud.parcel("P1", window_from=begins, window_to=ends), depot.cloud.parcel("P2", lon=21.3)]
    locker = depot.cloud.parcel("P3", lon=21.02)
    depot.assign(locker)
    depot.plan()
    depot.start()
    delivered(depot, homes[0])
    failed(depot, homes[1])
    event = ParcelDroppedOff(ParcelRef(bytes.fromhex(locker.id)), A01, GRANT, REF)
    depot.cloud.journals["WAW-01"].say(event)
    return [*homes, locker]


def test_a_day_is_counted_as_people_count_it(depot: Depot) -> None:
    a_driven_day(depot)
    total = report(depot.cloud).total

    assert (total.tally.parcels, total.tally.to_lockers, total.tally.failed) == (2, 1, 1)
    assert total.first_attempt == pytest.approx(2 / 3)
    assert total.on_time == 1.0
    assert total.locker_share == 0.5
    assert total.cents_per_parcel == pytest.approx(total.tally.cents / 2)
    assert total.co2_g == pytest.approx(total.tally.metres / 4)


def test_every_view_adds_up_to_the_total(depot: Depot) -> None:
    a_driven_day(depot)
    found = report(depot.cloud)

    for view in (found.by_day, found.by_courier, found.by_area):
        assert isclose(sum(one.tally.cents for one in view), found.total.tally.cents)
        assert isclose(sum(one.tally.metres for one in view), found.total.tally.metres)
        assert sum(one.tally.parcels for one in view) == found.total.tally.parcels
    assert [one.key for one in found.by_day] == [TODAY.isoformat()]
    assert [one.name for one in found.by_courier] == ["Cezary"]
    assert [(one.key, one.tally.parcels) for one in found.by_locker] == [("WAW-01", 1)]
    assert [one.key for one in found.by_area] == ["52.22, 21.00", "52.22, 21.02", "52.22, 21.30"]


def test_a_parcel_after_its_window_is_late(depot: Depot) -> None:
    parcel = depot.cloud.parcel(window_from=MORNING, window_to=MORNING + timedelta(hours=2))
    depot.plan()
    depot.start()
    delivered(depot, parcel, after_h=4)

    assert report(depot.cloud).total.on_time == 0.0


def test_a_route_that_ends_late_is_paid_until_then(depot: Depot) -> None:
    parcel = depot.cloud.parcel()
    depot.plan()
    depot.start()
    delivered(depot, parcel, after_h=9)

    assert report(depot.cloud).total.tally.seconds == pytest.approx(9 * 3600)


def test_the_walk_is_from_home_to_the_locker(depot: Depot) -> None:
    a_driven_day(depot)

    assert report(depot.cloud).total.walk_m == pytest.approx(walk_m((21.02, 52.23), (21.01, 52.23)))
    assert walk_m((21.0, 52.0), (21.0, 52.01)) == pytest.approx(1_112, abs=1)


def test_a_day_nobody_drove_has_no_shares(depot: Depot) -> None:
    depot.cloud.parcel()
    depot.plan()
    total = report(depot.cloud).total

    assert total.tally == Tally()
    assert (total.cents_per_parcel, total.first_attempt, total.on_time, total.walk_m) == (None, None, None, None)


@pytest.mark.parametrize("last", [TODAY - timedelta(days=1), TODAY + timedelta(days=92)])
def test_a_span_that_is_none_or_too_long_is_refused(depot: Depot, last: date) -> None:
    with pytest.raises(InvalidError, match="92"):
        report(depot.cloud, TODAY, last)


def test_couriers_do_not_see_what_others_cost(depot: Depot) -> None:
    with pytest.raises(ForbiddenError):
        depot.cloud.do(lambda uow: kpis(uow, depot.cloud.act(actor(Role.COURIER, COURIER)), TODAY, TODAY))


def test_a_name_is_no_formula_in_a_spreadsheet() -> None:
    text = as_csv([Kpi("k", "=HYPERLINK(1)", Tally(parcels=2, cents=300.0))])

    assert "'=HYPERLINK(1)" in text
    assert text.splitlines()[0].startswith("key,name,parcels")
    assert ",150.0," in text


def with_others(way_m: int | None = None, co2_g: int | None = None) -> SmallCloud:
    """Return a day on which a courier of ours, Anna on her way and a partner bring one parcel each; one more fails.

    The partner says how far it went for the one it brought, and what it emitted.
    """
    street = OutsideStreet()
    cloud = street.cloud
    cloud.courier()
    mine, anna = street.parcel("own"), street.parcel("anna", lon=20.99, lat=52.2)
    theirs = street.parcel("swift", window_from=LEAVES, window_to=LEAVES + timedelta(hours=5)), street.parcel("closed")
    cloud.route(mine)
    street.offer([anna], street.trip())
    street.accept()
    street.offer(list(theirs), street.tariff())
    offer = street.asked()
    cloud.do(lambda uow: accept_offer(uow, cloud.act(SWIFT), offer.id))
    cloud.do(lambda uow: hand_to_partner(uow, cloud.act(OPERATOR), offer.id))
    cloud.now = LEAVES + timedelta(hours=1)
    route = cloud.the(Route, courier_id=ANNA)
    cloud.do(lambda uow: start_route(uow, cloud.act(crowd(ANNA)), route.id))
    cloud.do(lambda uow: follow_offers(uow, cloud.act()))
    cloud.do(lambda uow: deliver_home(uow, cloud.act(crowd(ANNA)), anna.id, "signed"))
    cloud.do(lambda uow: deliver_home(uow, cloud.act(DRIVER), mine.id, "signed"))
    said = [Status(offer.id, theirs[0].id, PartnerSays.DELIVERED, "signed", way_m, co2_g)]
    said += [Status(offer.id, theirs[1].id, PartnerSays.FAILED, "nobody at home")]
    for status in said:
        _say(street, status)
    cloud.do(lambda uow: follow_offers(uow, cloud.act()))
    return cloud


def _say(street: OutsideStreet, status: Status) -> None:
    street.cloud.do(lambda uow: report_status(uow, street.cloud.act(SWIFT), street.cloud.keys, status))


def test_what_others_bring_is_counted_and_paid_by_the_parcel() -> None:
    found = report(with_others())
    by = {one.key: one.tally for one in found.by_whom}

    counts = {key: (one.parcels, one.failed) for key, one in by.items()}
    assert counts == {"own": (1, 0), "crowd": (1, 0), "partner": (1, 1)}
    assert (by["crowd"].cents, by["crowd"].seconds) == (300, 0)
    assert by["crowd"].metres < 4_000, "only the detour"
    assert (by["partner"].cents, by["partner"].metres, by["partner"].kept) == (250, 0, 1)
    assert isclose(found.total.tally.cents, sum(one.cents for one in by.values()))
    assert {one.name for one in found.by_courier} >= {"Anna", "Swift Bikes"}
    assert [one.key for one in found.by_day] == [TODAY.isoformat()]


def test_kilometres_nobody_said_are_not_known_and_no_zero() -> None:
    found = report(with_others())
    by = {one.key: shape(one) for one in found.by_whom}

    assert (by["partner"].km, by["partner"].co2_kg, by["partner"].km_unknown_parcels) == (None, None, 2)
    assert (by["own"].km is not None, by["own"].km_unknown_parcels) == (True, 0)
    total = shape(found.total)
    assert (total.km, total.km_unknown_parcels) == (round(found.total.tally.metres / 1_000, 2), 2)
    lines = as_csv(found.by_whom).splitlines()
    columns = dict(zip(lines[0].split(","), lines[-1].split(","), strict=True))
    assert (columns["key"], columns["km"], columns["co2_kg"]) == ("partner", "", "")


@pytest.mark.parametrize(("co2_g", "kg"), [(None, 0.75), (0, 0.0), (40, 0.04)])
def test_a_partner_may_say_how_far_it_went_and_what_it_emitted(co2_g: int | None, kg: float) -> None:
    found = report(with_others(3_000, co2_g))
    partner = next(shape(one) for one in found.by_whom if one.key == "partner")

    assert (partner.km, partner.co2_kg, partner.km_unknown_parcels) == (3.0, kg, 1)
    assert found.total.tally.metres == pytest.approx(sum(one.tally.metres for one in found.by_whom))
    assert found.total.co2_g == pytest.approx(sum(one.co2_g for one in found.by_whom))
