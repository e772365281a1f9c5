"""What everybody asked has refused since a day was planned: reason enough to plan it again with our own couriers."""

from cloud.domain.parcel import Parcel
from cloud.services.gather_day import DaySpan, at_depot, waiting_shifts
from cloud.services.many import by_id
from cloud.services.outside_day import refused
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Plan, StopTask, TaskState
from cloud.services.records_outside import Errand


def came_back(uow: UnitOfWork, act: Act, span: DaySpan) -> int:
    """Return how many refused parcels lie at the depot without a route, while somebody of ours could still bring them.

    A plan made after the last refusal has seen them all: what it left out it would leave out again.
    """
    day = span.day.isoformat()
    plan = uow.first(Plan, day=day, current=True)
    ended = [one.ended_at for one in uow.find(Errand, day=day, outcome="nobody") if one.ended_at]
    if plan is None or not ended or max(ended) <= plan.made_at:
        return 0
    if not any(shift.ends_at > act.now for shift in waiting_shifts(uow, span)):
        return 0
    back = tuple(sorted(refused(uow, day)))
    planned = {one.parcel_id for one in uow.find(StopTask, parcel_id=back, state=TaskState.PENDING)} if back else set()
    return sum(at_depot(one) for one in by_id(uow, Parcel, set(back) - planned).values())
