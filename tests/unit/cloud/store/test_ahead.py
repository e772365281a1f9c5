"""What is still to be done on a plan, as SQL joins it and as the tables in memory do."""

from datetime import timedelta
from typing import Any

import pytest

from cloud.services.ports import UnitOfWork
from cloud.services.records import StopTask, TaskState
from cloud.store.memory import MemoryTables
from cloud.store.memory_writer import MemoryWriter
from tests.unit.cloud.small_cloud import COURIER, SmallCloud


class InMemory(SmallCloud):
    """The same small cloud on the tables in memory."""

    def __init__(self) -> None:
        self.memory = MemoryWriter(MemoryTables())
        super().__init__()

    def do(self, unit: Any) -> Any:
        return self.memory.now(unit)


@pytest.mark.parametrize("kind", [SmallCloud, InMemory], ids=["sql", "memory"])
def test_what_is_ahead_is_told_by_route_and_position_with_its_promise(kind: type[SmallCloud]) -> None:
    cloud = kind()
    cloud.courier()
    until = cloud.now + timedelta(hours=2)
    promised = cloud.parcel("P2", window_from=cloud.now, window_to=until)
    parcels = [cloud.parcel("P1"), promised, cloud.parcel("P3", weight_g=7)]
    route = cloud.route(*parcels)
    cloud.do(lambda uow: uow.change(StopTask, {"parcel_id": parcels[0].id}, state=TaskState.DONE))

    def ahead(uow: UnitOfWork) -> Any:
        return uow.reads.ahead(route.plan_id), uow.reads.ahead("another")

    rows, none = cloud.do(ahead)
    assert none == []
    assert [row.parcel_id for row in rows] == [parcels[1].id, parcels[2].id]
    assert {row.route_id for row in rows} == {route.id}
    assert (rows[0].window_from, rows[0].window_to) == (cloud.now, until)
    assert (rows[1].weight_g, rows[1].volume_mm3) == (7, 200 * 150 * 60)
    assert rows[0].eta < rows[1].eta
    assert route.courier_id == COURIER
