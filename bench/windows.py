"""The question a tracking page asks while its reader waits: which windows can still be kept.

A day of ten couriers and a thousand stops. Limit: 100 ms with everything read from the database anew; the day's
travel times are known, as they are after the first question. The same question by scheduling every position exactly,
without arrays, stands beside it.
"""

import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.running_day import NOW, City, city
from cloud.domain.windows import Window
from cloud.routing.checker import check_route
from cloud.routing.matrices import TravelTimes
from cloud.routing.schedule import earliest_route
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.records import Route, StopTask
from cloud.services.window_board import Board, as_seconds, read_board, windows_of
from cloud.settled import settle
from cloud.window_offers import decided, priced

COURIERS, STOPS = 10, 100
QUESTIONS = 40
LIMIT_MS = 100
EXACTLY = 2  # questions asked the slow way, too: each takes minutes of a thousand schedules


def compare() -> list[dict[str, object]]:
    """Ask for parcels spread over the day before anybody has left; return one row."""
    with tempfile.TemporaryDirectory() as directory, city(Path(directory), COURIERS, STOPS) as made:
        made.writer.submit(lambda uow: uow.change(Route, {}, started_at=None)).result()
        tasks = made.read(lambda uow: uow.find(StopTask, order="id"))
        asked = [task.parcel_id for task in tasks[:: len(tasks) // QUESTIONS]][:QUESTIONS]
        travel = _known(made, asked[0])
        settle()  # as the service does before it serves
        found = [_ask(made, parcel, travel) for parcel in asked]
        agree = all(_exactly(made, parcel, travel) for parcel in asked[:EXACTLY])
    times = sorted(one[0] for one in found)
    return [
        {
            "stops ahead": COURIERS * STOPS,
            "questions": len(found),
            "answer ms, median": round(statistics.median(times)),
            "answer ms, worst": round(times[-1]),
            "limit ms": LIMIT_MS,
            "of all threads' CPU ms": round(statistics.median(one[1] for one in found)),
            "CPU ms, worst": round(max(one[1] for one in found)),
            "of it reading ms": round(statistics.median(one[2] for one in found)),
            "windows offered, mean": round(statistics.mean(one[3] for one in found), 1),
            "price cents, mean": round(statistics.mean(one[4] for one in found), 1),
            "kept by the checker": f"{sum(one[5] for one in found)} of {sum(one[3] for one in found)}",
            "exact search agrees": agree,
        }
    ]


def _board(made: City, parcel: str) -> Board:
    board = made.read(lambda uow: read_board(uow, made.act(), parcel))
    assert board is not None  # noqa: S101 - every parcel of the city is on somebody's way
    return board


def _known(made: City, parcel: str) -> TravelTimes:
    board = _board(made, parcel)
    return great_circle(board.places(), VAN, NOW.hour)


def _ask(made: City, parcel: str, travel: TravelTimes) -> tuple[float, float, float, int, float, int]:
    began, cpu = time.perf_counter(), time.process_time()
    board = _board(made, parcel)
    read = time.perf_counter()
    windows = windows_of(board, NOW.astimezone(UTC))
    found = priced(board, windows, travel)
    done, cpu = time.perf_counter(), time.process_time() - cpu
    kept = sum(decided(board, one.window, travel) is not None for one in found)
    price = statistics.mean(one.price_cents for one in found) if found else 0.0
    return 1_000 * (done - began), 1_000 * cpu, 1_000 * (read - began), len(found), price, kept


def _exactly(made: City, parcel: str, travel: TravelTimes) -> bool:
    """Whether trying every position of every route with the schedule and the checker offers the same windows."""
    board = _board(made, parcel)
    windows = windows_of(board, NOW.astimezone(UTC))[:3]
    offered = {one.window for one in priced(board, windows, travel)}
    return offered == {one for one in windows if _fits_somewhere(board, (one.begins, one.ends), travel)}


def _fits_somewhere(board: Board, window: tuple[datetime, datetime], travel: TravelTimes) -> bool:
    stop = replace(board.stop, windows=(as_seconds(board, Window(*window)),))
    for lane in board.lanes:
        courier, order = lane.running.courier, lane.running.order
        for position in range(len(courier.locked), len(order) + 1):
            tried = (*order[:position], stop, *order[position:])
            route = earliest_route(courier, tried, travel)
            if not check_route({one.id: one for one in tried}, travel, courier, route):
                return True
    return False
