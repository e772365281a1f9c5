"""Every screen the kiosk can show, once, with a name: for the accessibility check and for people's eyes."""

from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from edge.kiosk.port import About
from edge.locker_controller import screens

_COLUMN = ("S", "S", "M", "M", "L", "S", "S", "S")


def _plan(column: str, row: int, size: str) -> CompartmentPlan:
    return CompartmentPlan(CompartmentLabel(f"{column}{row:02d}"), SizeClass(size), low=row > 5)


LAYOUT = Layout(
    "field-32",
    tuple(_plan(column, row, size) for column in "ABCD" for row, size in enumerate(_COLUMN, start=1)),
)
ABOUT = About("WAW-CEN-01", "Metro Centrum", ("en", "pl", "de"), "+48 22 555 01 23", LAYOUT)
A07, B03, C05, D01 = (CompartmentLabel(label) for label in ("A07", "B03", "C05", "D01"))

SCREENS: dict[str, screens.Screen] = {
    "home": screens.Idle(online=True, full=False),
    "home_offline_full": screens.Idle(online=False, full=True),
    "home_opened": screens.Idle(online=True, full=True, opened=True),
    "home_anew": screens.Idle(online=True, full=True, anew=True),
    "opening": screens.Opening(B03, "pick_up"),
    "opening_drop_off": screens.Opening(C05, "drop_off"),
    "take_parcel": screens.TakeParcel(B03, "pick_up"),
    "take_collection": screens.TakeParcel(A07, "collection"),
    "take_back": screens.TakeParcel(C05, "drop_off"),
    "put_parcel": screens.PutParcel(C05, SizeClass.L),
    "confirm_drop_off": screens.ConfirmDropOff(C05, 30),
    "confirm_drop_off_lost": screens.ConfirmDropOff(C05, 30, lost=True),
    "confirm_taken_out": screens.ConfirmTakenOut(C05, 30),
    "confirm_taken_out_lost": screens.ConfirmTakenOut(C05, 30, lost=True),
    "close_door": screens.CloseDoor(B03, 0),
    "close_door_waited": screens.CloseDoor(B03, 45),
    "not_opened": screens.NotOpened(D01, "pick_up", again=True, seconds=60),
    "not_opened_final": screens.NotOpened(D01, "collection", again=False, seconds=60),
    "picked_up": screens.PickedUp(B03, more=0, again_s=60),
    "picked_up_more": screens.PickedUp(B03, more=2, again_s=0),
    "dropped_off": screens.DroppedOff(C05),
    "collected": screens.Collected(A07),
    "code_wrong": screens.CodeWrong(3),
    "code_wrong_last": screens.CodeWrong(0),
    "locked_out": screens.LockedOut(118),
    "courier_home": screens.CourierHome(7, (), 170),
    "courier_home_collections": screens.CourierHome(1, (A07, B03, D01), 170),
    "courier_home_parts": screens.CourierHome(6, (), 170, parts=3, missing=(2, 3)),
    "courier_home_done": screens.CourierHome(0, (), 170),
    "problem_thanks": screens.ProblemThanks(None),
    "problem_thanks_door": screens.ProblemThanks(B03),
    "no_compartment_full": screens.NoCompartment(screens.Why.FULL),
    "no_compartment_no_larger": screens.NoCompartment(screens.Why.NO_LARGER),
    "out_of_order": screens.OutOfOrder("store_failed"),
    "out_of_order_starting": screens.OutOfOrder(screens.Why.STARTING),
    "remote_opening": screens.RemoteOpening(A07, door_open=False),
    "remote_opening_open": screens.RemoteOpening(A07, door_open=True),
    "bulk_opening": screens.RemoteOpening(A07, door_open=False, left=11),
    "bulk_opening_open": screens.RemoteOpening(A07, door_open=True, left=3),
    "service_home": screens.ServiceHome(maintenance=False, seconds_left=170, online=True),
    "service_home_on": screens.ServiceHome(maintenance=True, seconds_left=1720, online=True),
    "service_home_run": screens.ServiceHome(maintenance=True, seconds_left=1300, online=True, left=5),
    **{f"refused_{why}": screens.Refused(why) for why in screens.Why},
    "refused_unheard_of": screens.Refused("a reason of next year"),
}
