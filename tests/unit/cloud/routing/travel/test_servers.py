import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tenacity import wait_none

from cloud.routing.matrices import PLACES_MAX, MatrixError
from cloud.routing.problem import UNREACHABLE_S, Place
from cloud.routing.travel.errors import ServerLiedError, ServerRefusedError, ServerSilentError
from cloud.routing.travel.osrm import Osrm
from cloud.routing.travel.servers import ATTEMPTS, REMEMBERED_MAX, Dialect, ServerTimes
from cloud.routing.travel.spare import GreatCircleAside, WithSpare
from cloud.routing.travel.valhalla import Valhalla
from tests.unit.cloud.routing.travel.routing_server import M_S, RoutingServer, metres, routing_server

NOON, RUSH = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC)
PLACES = tuple(Place(21 + number / 1_000, 52 + number % 7 / 1_000) for number in range(5))
BOTH = pytest.mark.parametrize("dialect", [Osrm(), Valhalla()], ids=lambda one: one.name)


@pytest.fixture
def server() -> Iterator[RoutingServer]:
    with routing_server() as running:
        yield running


@pytest.fixture
async def client(server: RoutingServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as one:
        yield one


def _times(dialect: Dialect, client: httpx.AsyncClient, patience_s: float = 30.0) -> ServerTimes:
    return ServerTimes(dialect, client, patience_s, wait_none())


@BOTH
async def test_a_small_city_is_one_question(dialect: Dialect, client: httpx.AsyncClient, server: RoutingServer) -> None:
    travel = await _times(dialect, client).matrix(PLACES, NOON)
    assert len(server.asked) == 1
    for one in PLACES:
        for two in PLACES:
            assert travel.distance_m(one, two) == pytest.approx(metres(one, two), abs=1)
            assert travel.duration_s(one, two) == pytest.approx(metres(one, two) / M_S, abs=1)


@BOTH
async def test_a_larger_one_is_asked_for_in_blocks_the_server_takes(
    dialect: Dialect, client: httpx.AsyncClient, server: RoutingServer
) -> None:
    places = [Place(21 + number / 1_000, 52.0) for number in range(120)]
    travel = await _times(dialect, client).matrix(places, NOON)
    assert len(server.asked) == 9
    assert travel.distance_m(places[3], places[118]) == pytest.approx(11_500, abs=1)
    assert travel.distance_m(places[119], places[0]) == pytest.approx(11_900, abs=1)


async def test_valhallas_wordy_form_says_the_same(client: httpx.AsyncClient, server: RoutingServer) -> None:
    terse = await _times(Valhalla(), client).matrix(PLACES, NOON)
    server.wordy = True
    wordy = await _times(Valhalla(), client).matrix(PLACES, NOON)
    assert (terse.durations_s == wordy.durations_s).all()
    assert (terse.distances_m == wordy.distances_m).all()


@BOTH
async def test_a_place_no_road_leads_to_is_named(
    dialect: Dialect, client: httpx.AsyncClient, server: RoutingServer
) -> None:
    server.lake = {PLACES[2]}
    travel = await _times(dialect, client).matrix(PLACES, RUSH)
    assert travel.unreachable() == (PLACES[2],)
    assert travel.duration_s(PLACES[0], PLACES[2]) == UNREACHABLE_S
    assert travel.duration_s(PLACES[2], PLACES[2]) == 0


async def test_a_place_osrm_moved_far_is_no_place_of_its_map(client: httpx.AsyncClient, server: RoutingServer) -> None:
    server.snapped_m = {PLACES[1]: 40_000.0}
    travel = await _times(Osrm(), client).matrix(PLACES, NOON)
    assert travel.unreachable() == (PLACES[1],)


@BOTH
async def test_a_map_of_somewhere_else_is_no_answer(
    dialect: Dialect, client: httpx.AsyncClient, server: RoutingServer
) -> None:
    server.lake = set(PLACES)
    with pytest.raises(ServerLiedError, match="no way between any two of 5 places"):
        await _times(dialect, client).matrix(PLACES, NOON)


@BOTH
async def test_rush_hour_slows_what_the_server_says(dialect: Dialect, client: httpx.AsyncClient) -> None:
    times = _times(dialect, client)
    noon, rush = await times.matrix(PLACES, NOON), await times.matrix(PLACES, RUSH)
    assert rush.duration_s(PLACES[0], PLACES[4]) == pytest.approx(1.35 * noon.duration_s(PLACES[0], PLACES[4]), abs=1)


@BOTH
async def test_what_was_answered_is_not_asked_again(
    dialect: Dialect, client: httpx.AsyncClient, server: RoutingServer
) -> None:
    times = _times(dialect, client)
    whole = await times.matrix(PLACES, NOON)
    part = await times.matrix(PLACES[3:0:-1], NOON)
    assert len(server.asked) == 1
    assert part.duration_s(PLACES[1], PLACES[3]) == whole.duration_s(PLACES[1], PLACES[3])
    for number in range(REMEMBERED_MAX):
        await times.matrix([Place(20.0, 50.0), Place(20.1, 50.0 + number / 100)], NOON)
    asked = len(server.asked)
    await times.matrix(PLACES, NOON)
    assert len(server.asked) == asked + 1  # the oldest was forgotten


@BOTH
@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_server_that_stumbles_is_asked_again(
    dialect: Dialect, client: httpx.AsyncClient, server: RoutingServer, status: int
) -> None:
    server.fail(status, times=ATTEMPTS - 1)
    travel = await _times(dialect, client).matrix(PLACES, NOON)
    assert travel.duration_s(PLACES[0], PLACES[4]) > 0
    assert await asyncio.to_thread(server.heard, ATTEMPTS)
    assert len(server.asked) == ATTEMPTS


@BOTH
async def test_a_server_that_goes_on_stumbling_is_down(
    dialect: Dialect, client: httpx.AsyncClient, server: RoutingServer
) -> None:
    server.fail(500, times=ATTEMPTS)
    with pytest.raises(ServerSilentError, match=f"{dialect.name} answered 500"):
        await _times(dialect, client).matrix(PLACES, NOON)


@pytest.mark.parametrize(
    ("dialect", "body", "code"),
    [
        (Osrm(), {"code": "InvalidQuery", "message": "Query string malformed"}, "InvalidQuery"),
        (Osrm(), "<html>not found</html>", "400"),
        (Valhalla(), {"error_code": 154, "error": "Path distance exceeds the max distance limit"}, "154"),
        (Valhalla(), "oops", "400"),
    ],
)
async def test_a_refusal_is_not_repeated_and_says_its_code(
    dialect: Dialect, body: Any, code: str, client: httpx.AsyncClient, server: RoutingServer
) -> None:
    server.fail(400, body)
    with pytest.raises(ServerRefusedError, match=f"{dialect.name} refused the question: {code}") as refused:
        await _times(dialect, client).matrix(PLACES, NOON)
    assert refused.value.code == code
    assert len(server.asked) == 1


async def test_osrm_refuses_with_a_good_status_too(client: httpx.AsyncClient, server: RoutingServer) -> None:
    server.fail(200, {"code": "NoTable"})
    with pytest.raises(ServerRefusedError, match="NoTable"):
        await _times(Osrm(), client).matrix(PLACES, NOON)


async def test_a_wrong_limit_is_the_servers_own_word(client: httpx.AsyncClient) -> None:
    places = [Place(21 + number / 1_000, 52.0) for number in range(120)]
    with pytest.raises(ServerRefusedError, match="TooBig: Too many table coordinates"):
        await _times(Osrm(places_max=200), client).matrix(places, NOON)


TWO = PLACES[:2]
ZEROS = [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("dialect", "body", "said"),
    [
        (Osrm(), "{", "truncated"),
        (Osrm(), {"code": "Ok", "durations": [[0, "x"], [1, 0]]}, "Expected `float | null`"),
        (Osrm(), {"code": "Ok", "durations": ZEROS}, "without durations or distances"),
        (Osrm(), {"code": "Ok", "durations": [[0, 1]], "distances": ZEROS}, "durations have shape"),
        (Osrm(), {"code": "Ok", "durations": ZEROS, "distances": [[0, 1], [2]]}, "rows of different lengths"),
        (Osrm(), {"code": "Ok", "durations": [[0, -1], [1, 0]], "distances": ZEROS}, "durations are -1 to 1"),
        (Osrm(), {"code": "Ok", "durations": ZEROS, "distances": [[0, 1e12], [1, 0]]}, "distances are 0 to 1e"),
        (Osrm(), '{"code": "Ok", "durations": [[0, NaN], [1, 0]]}', "invalid"),
        (Valhalla(), {"units": "kilometers"}, "missing required field"),
        (Valhalla(), {"sources_to_targets": [[{"time": 1}]], "units": "parsecs"}, "distances in 'parsecs'"),
        (Valhalla(), {"sources_to_targets": [[{"time": 1, "distance": 1}]]}, "durations have shape"),
        (Valhalla(), {"sources_to_targets": {"durations": ZEROS, "distances": [[0]]}}, "distances have shape"),
    ],
)
async def test_what_cannot_be_an_answer_is_refused(
    dialect: Dialect, body: Any, said: str, client: httpx.AsyncClient, server: RoutingServer
) -> None:
    server.fail(200, body)
    with pytest.raises(ServerLiedError, match=said):
        await _times(dialect, client).matrix(TWO, NOON)


async def test_a_slow_server_is_given_up_on(client: httpx.AsyncClient, server: RoutingServer) -> None:
    server.hang()
    with pytest.raises(ServerSilentError, match=r"no whole answer in 0\.2 s"):
        await _times(Osrm(), client, patience_s=0.2).matrix(PLACES, NOON)


async def test_one_question_that_takes_too_long_is_silence(server: RoutingServer) -> None:
    server.hang()
    async with httpx.AsyncClient(base_url=server.url, timeout=httpx.Timeout(60, read=0.1)) as hurried:
        with pytest.raises(ServerSilentError, match="OSRM does not answer: ReadTimeout"):
            await _times(Osrm(), hurried).matrix(PLACES, NOON)
    assert await asyncio.to_thread(server.heard, ATTEMPTS)
    assert len(server.asked) == ATTEMPTS


async def test_a_server_that_is_not_there_is_replaced_by_great_circles_that_say_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as nobody:
        provider = WithSpare(_times(Osrm(), nobody), GreatCircleAside())
        travel = await provider.matrix(PLACES, NOON)
    assert travel.degraded.startswith("OSRM does not answer: ConnectError")
    assert travel.duration_s(PLACES[0], PLACES[4]) > 0


async def test_loss_and_return_are_each_said_once(
    client: httpx.AsyncClient, server: RoutingServer, caplog: pytest.LogCaptureFixture
) -> None:
    provider = WithSpare(_times(Osrm(), client), GreatCircleAside())
    server.fail(500, times=2 * ATTEMPTS)
    lost = [await provider.matrix(PLACES, NOON) for _ in range(2)]
    back = await provider.matrix(PLACES, NOON)
    again = await provider.matrix(PLACES, NOON)
    assert [bool(one.degraded) for one in (*lost, back, again)] == [True, True, False, False]
    assert [record.message for record in caplog.records if record.name.startswith("cloud")] == [
        "travel_times.lost",
        "travel_times.back",
    ]


async def test_too_many_places_are_refused_before_anybody_is_asked(
    client: httpx.AsyncClient, server: RoutingServer
) -> None:
    with pytest.raises(MatrixError, match=f"at most {PLACES_MAX}"):
        await _times(Osrm(), client).matrix([PLACES[0]] * (PLACES_MAX + 1), NOON)
    assert server.asked == []


@BOTH
async def test_one_place_or_none_is_no_trouble(dialect: Dialect, client: httpx.AsyncClient) -> None:
    assert (await _times(dialect, client).matrix([], NOON)).durations_s.shape == (0, 0)
    assert (await _times(dialect, client).matrix(PLACES[:1], NOON)).durations_s.tolist() == [[0]]
