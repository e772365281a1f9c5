"""The matrix of trust.md, played: two things happen to one parcel while the wire carries news one way, or not at all.

Every ordered pair of {drop-off, pick-up, revoke, extend, re-issue, expire}, in three weathers:

* locker first: what the locker did reaches the cloud at once; what the cloud says waits.
* cloud first: what the cloud says reaches the locker at once; what the locker did waits.
* both offline: neither knows of the other.

Then the two meet, everything is carried both ways, and somebody tries the newest code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cloud.domain.errors import DomainError
from cloud.domain.parcel import ParcelState
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.extend_deadline import extend_deadline
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import GrantState, IssuedGrant
from cloud.services.records_ops import SupportCase
from cloud.services.reissue_code import reissue_code
from edge.locker_controller.screens import CodeWrong, Refused, Screen
from tests.simulation.paper_wire import PaperWire
from tests.unit.cloud.small_cloud import OPERATOR

ACTS = ("drop-off", "pick-up", "revoke", "extend", "re-issue", "expire")
WEATHERS = ("locker first", "cloud first", "both offline")
AFTER_DEADLINE_H = 49  # the standard dwell and an hour
SILENT_D = 8  # and for a silent locker the week's grace and a day
DONE, OPENS, NOTHING, UNKNOWN = "done", "opens", "nothing to end", "unknown code"

Verb = Callable[[UnitOfWork, Act, Keys], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ends: the cloud's state, who holds the parcel, what a code does then, and what each act was answered.

    ``case`` is what a person of support is asked to look at.
    """

    state: ParcelState
    holder: str
    then: str
    first: str = DONE
    second: str = DONE
    case: str = ""


@dataclass
class Story:
    """One parcel, from its promise (or, when no drop-off is played, from its compartment) to the meeting."""

    weather: str
    inside: bool
    wire: PaperWire = field(default_factory=PaperWire)

    def __post_init__(self) -> None:
        wire = self.wire
        self.parcel = wire.promised("P1")
        wire.meet()
        self.passes = wire.passes()
        if self.inside:
            wire.drop_off(self.parcel, self.passes)
            wire.meet()
        self.code = wire.code_of(self.parcel) or ""
        self.qr = wire.capability(self.parcel)
        wire.online(is_online=self.weather == WEATHERS[0])

    def act(self, name: str) -> str:
        """Do one of the six; return how it was answered."""
        answer: str = getattr(self, f"_{name.replace('-', '_')}")()
        if self.weather == WEATHERS[0]:
            self.wire.up()
        if self.weather == WEATHERS[1]:
            self.wire.down()
        return answer

    # ------------------------------------------------------------------ at the locker

    def _drop_off(self) -> str:
        """Use the page the courier loaded this morning, and load it again when the locker calls it too old."""
        said = self.wire.drop_off(self.parcel, self.passes)
        if said == Refused("expired") and self.passes:
            self.passes = self.wire.passes()
            said = self.wire.drop_off(self.parcel, self.passes)
        return _spoken(said)

    def _pick_up(self) -> str:
        """Type the newest code, then the one before it, then show the QR."""
        codes = dict.fromkeys((self.newest, self.code))
        return _spoken(self.wire.pick_up(*codes, self.qr))

    @property
    def newest(self) -> str:
        return self.wire.code_of(self.parcel) or self.code

    # ------------------------------------------------------------------ in the cloud

    def _revoke(self) -> str:
        return self._wish(lambda uow, act, keys: cancel_parcel(uow, act, keys, self.parcel.id, "recalled"))

    def _extend(self) -> str:
        return self._wish(lambda uow, act, keys: extend_deadline(uow, act, keys, self.parcel.id))

    def _re_issue(self) -> str:
        self.wire.stock()
        return self._wish(lambda uow, act, keys: reissue_code(uow, act, keys, self.parcel.id))

    def _wish(self, verb: Verb) -> str:
        self.wire.later(minutes=1)
        cloud = self.wire.cloud
        try:
            cloud.do(lambda uow: verb(uow, cloud.act(OPERATOR), cloud.keys))
        except DomainError as error:
            return f"refused ({type(error).__name__.removesuffix('Error').lower()})"
        return DONE

    def _expire(self) -> str:
        """Let the time run out, as the cloud counts it."""
        before = self.wire.cloud.again(self.parcel).state
        self.wire.later(hours=AFTER_DEADLINE_H)
        self.wire.jobs()
        if self.wire.cloud.again(self.parcel).state is before and self.weather != WEATHERS[0]:
            self.wire.later(days=SILENT_D)
            self.wire.jobs()
        return DONE if self.wire.cloud.again(self.parcel).state is not before else NOTHING

    # ------------------------------------------------------------------ the end

    def outcome(self, first: str, second: str) -> Outcome:
        """Let the two meet, look, and try the newest code."""
        self.wire.meet()
        cloud = self.wire.cloud
        parcel = cloud.again(self.parcel)
        holder = parcel.custodian.partition(":")[0]
        case = ", ".join(sorted({one.kind for one in cloud.of(SupportCase)}))
        self._check(holder)
        said = self.wire.pick_up(self.newest)
        return Outcome(parcel.state, holder, _spoken(said) if said else OPENS, first, second, case)

    def _check(self, holder: str) -> None:
        """See what holds in every cell: one truth about where it is, and no right left that nobody can use."""
        is_inside = bool(self.wire.box.inside())
        assert is_inside == (holder == "locker"), (holder, self.wire.box.inside())
        live = self.wire.cloud.of(IssuedGrant, kind="pick_up", state=GrantState.ISSUED)
        assert len(live) <= 1, live
        assert not live or holder in ("locker", "courier"), live


def _spoken(shown: Screen | None) -> str:
    match shown:
        case None:
            return DONE
        case Refused(reason=reason):
            return f"{reason}"
        case CodeWrong():
            return UNKNOWN
        case _:
            return type(shown).__name__


def played(first: str, second: str, weather: str) -> Outcome:
    """Play one cell."""
    story = Story(weather, inside="drop-off" not in (first, second))
    answers = [story.act(one) for one in (first, second)]
    return story.outcome(*answers)
