"""Which lockers may and can take a parcel that is in a van, and sending it to the one that was chosen."""

from cloud.domain.assignment import Obstacle, wanted_size
from cloud.domain.capacity import choose_size
from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.parcel import Parcel
from cloud.domain.places import distance_m
from cloud.services import reroute
from cloud.services.locker_question import ChooseLocker, LockerQuestion, RouteLeft
from cloud.services.notices import notice
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.positions import where_now
from cloud.services.promise import Assigned, agreements, left_at, promise, why_not

Here = tuple[float, float] | None
Question = tuple[LockerQuestion | None, tuple[str, ...]]
NOWHERE = ("no_locker_on_the_way",)


def question_for(
    uow: UnitOfWork, act: Act, parcel: Parcel, where: tuple[Here, RouteLeft | None], but: str = ""
) -> Question:
    """Return what is to be asked, or why there is nothing to ask; ``but`` is a locker that is out of the question.

    ``where`` is the courier's place and their route. Unknown, the place is where their phone says it is now, and the
    parcel's address when that does not.
    """
    size, (here, route) = wanted_size(parcel), where
    allowed, obstacles = _allowed(uow, act, parcel, but)
    if size is None or not allowed:
        return None, tuple(sorted(obstacles)) or (str(Obstacle.LOCKER_CLOSED),)
    left = left_at(uow, tuple(one.id for one in allowed))
    room = [one for one in allowed if choose_size(size, left[one.id]) is not None]
    if not room:
        return None, ("no_capacity",)
    nearest = sorted(room, key=lambda one: distance_m(parcel.lon, parcel.lat, one.lon, one.lat))
    candidates = tuple(nearest[: act.rules.candidates_max])
    known = here or (where_now(uow, act.now, route.route.courier_id) if route else None)
    return LockerQuestion(parcel, size, known or (parcel.lon, parcel.lat), candidates, left, route, act.now), ()


def send_to_locker(
    uow: UnitOfWork, act: Act, keys: Keys, asked: Question, answer: tuple[ChooseLocker, str]
) -> tuple[Assigned | None, tuple[str, ...]]:
    """Promise the best locker that was chosen, put it on the route, tell the recipient by the template named."""
    (question, why), (choose_locker, template) = asked, answer
    if question is None:
        return None, why
    for suggestion in choose_locker(question):
        chosen = next((one for one in question.candidates if one.id == suggestion.locker_id), None)
        if chosen is not None:
            assigned = promise(uow, act, keys, question.parcel, chosen)
            reroute.to_locker(uow, act, question.parcel, chosen, (question.route, suggestion.order))
            note = notice(act, question.parcel, template, assigned.group_id)
            uow.add(*([note] if note else []))
            return assigned, ()
    return None, NOWHERE


def _allowed(uow: UnitOfWork, act: Act, parcel: Parcel, but: str) -> tuple[list[Locker], set[str]]:
    agreed = agreements(uow, act, parcel)
    allowed: list[Locker] = []
    obstacles: set[str] = set()
    for locker in uow.find(Locker, order="id", status=LockerStatus.ACTIVE):
        against = () if locker.id == but else why_not(parcel, locker, agreed)
        obstacles.update(against)
        if not against and locker.id != but:
            allowed.append(locker)
    return allowed, obstacles
