"""Worlds: what a calm one does, that traces are the same everywhere, and what make sim and make sim-night say."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from cloud.domain.parcel import Parcel
from cloud.services.ports import UnitOfWork
from cloud.store.mapping import TABLE_OF
from cloud.store.memory import MemoryTables
from cloud.store.memory_writer import MemoryReader, MemoryWriter
from cloud.store.tables import metadata
from firmware_sim.world.shrinking import command
from firmware_sim.world.virtual_time import VirtualLoop
from firmware_sim.world.world import Plan, World, run_world
from tests.unit.cloud.small_cloud import MORNING


def test_a_calm_world_serves_people_and_breaks_nothing() -> None:
    result = run_world(Plan(seed=3, lockers=2, hours=4, trouble=False))

    assert result.violations == ()
    assert result.faults == {}
    assert result.deeds["ParcelDroppedOff"] > 0
    assert result.deeds["ParcelPickedUp"] > 0


def test_many_doors_are_opened_in_a_calm_world_and_break_nothing() -> None:
    result = run_world(Plan(seed=3, lockers=2, hours=2, trouble=False, visit_h=1))

    assert result.violations == ()
    assert result.deeds["BulkEnded"] > 0


def test_a_world_where_nobody_maintains_anything_is_what_it_would_be_without() -> None:
    plan = Plan(seed=3, lockers=2, hours=1, visit_h=1)

    assert run_world(replace(plan, without=("maintenance",))).trace == run_world(replace(plan, visit_h=1e9)).trace


def test_short_worlds_share_out_the_day_and_long_ones_begin_in_the_morning() -> None:
    assert [Plan(seed, hours=8).begin_s / 3600 for seed in (3, 4, 5)] == [0, 8, 16]
    assert Plan(4, hours=24).begin_s == 0
    assert Plan(4, hours=8, begin_h=1.5).begin_s == 5_400


def test_faults_left_out_do_not_happen() -> None:
    plan = Plan(seed=6, lockers=2, hours=3)
    kinds = set(run_world(plan).faults)
    left = set(run_world(replace(plan, without=("act", "operators", "power", "hostile"))).faults)

    assert any(kind.startswith("hostile") for kind in kinds)
    assert not any(kind.startswith(("hostile", "power", "plug")) for kind in left)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("plan", [Plan(11, lockers=3, hours=4), Plan(13, lockers=3, hours=4, visit_h=3)])
def test_sql_and_real_signatures_leave_the_same_trace_as_their_quick_stand_ins(plan: Plan) -> None:

    assert run_world(replace(plan, genuine=True)).trace == run_world(plan).trace


def test_reads_answer_alike_over_the_tables_of_a_world() -> None:
    loop = VirtualLoop()
    world = World(Plan(seed=3, lockers=2, hours=2, genuine=True), loop, None)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(world.live())
        loop.run_until_complete(world.end())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    tables = MemoryTables()
    kinds = {table: kind for kind, table in TABLE_OF.items()}
    for table in metadata.sorted_tables:
        if table in kinds:
            rows = world.office.ask(lambda uow, kind=kinds[table]: uow.find(kind))  # type: ignore[misc]  # mypy cannot infer a default
            MemoryWriter(tables).now(lambda uow, rows=rows: uow.add(*rows))  # type: ignore[misc]  # as above

    assert MemoryReader(tables).read(_all_reads) == world.office.ask(_all_reads)


def _all_reads(uow: UnitOfWork) -> list[object]:
    reads = uow.reads
    parcels = uow.find(Parcel, limit=2)
    return [
        reads.free_by_size(),
        reads.free_by_size(("L1",)),
        reads.reserved_by_size(),
        reads.fleet(),
        [reads.search_parcels(text, 5) for text in ("P", "p1", "owak", "%", *(one.id for one in parcels))],
        reads.parcels_to_plan(MORNING, 10),
        reads.under_way(),
        reads.count_by_state(),
        reads.prepared_codes(),
        reads.audit_head(),
    ]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_one_seed_gives_one_trace_in_every_process() -> None:
    told = [replayed(hash_seed) for hash_seed in ("1", "2")]

    assert told[0]["trace"] == told[1]["trace"]
    assert told[0] == told[1]


def replayed(hash_seed: str) -> dict[str, object]:
    """Run one world in a process whose sets and addresses are ordered differently."""
    command_line = [sys.executable, "-m", "firmware_sim.world", "--seed", "7", "--lockers", "3", "--hours", "6"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command_line, env=environment, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


def test_the_last_line_is_json_with_what_the_issue_asks_for() -> None:
    told: list[str] = []
    answer = json.loads(run_world(Plan(seed=3, lockers=1, hours=1), told.append).to_json())

    assert {"seed", "lockers", "hours", "steps", "faults", "violations", "slowest_convergence_s", "trace"} <= set(
        answer
    )
    assert any("signs in" in line or "is promised" in line for line in told)


def test_a_plan_s_command_says_all_that_is_not_usual() -> None:
    plan = Plan(7, 2, 1.5, trouble=False, genuine=True, begin_h=8, without=("act", "card"), visit_h=2)

    assert command(Plan(7, 5, 48)) == "make sim SEED=7 LOCKERS=5 HOURS=48"
    assert (
        command(plan)
        == 'make sim SEED=7 LOCKERS=2 HOURS=1.5 ARGS="--begin 8 --without act,card --visit-h 2 --calm --genuine"'
    )
