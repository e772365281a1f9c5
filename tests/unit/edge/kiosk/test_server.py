"""The server as a client meets it: a raw HTTP client, because half of the cases are requests no honest client makes."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from contract.codes import make_code
from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from edge.kiosk.fake import FakeLocker
from edge.kiosk.port import About
from edge.kiosk.server import BODY_BYTES_MAX, STREAMS_MAX, serving
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import DroppedOff

A07 = CompartmentLabel("A07")
CODE = make_code(12345678)
ABOUT = About("WAW-01", "Centrum", ("en", "pl"), "", Layout("tiny", (CompartmentPlan(A07, SizeClass.M, low=True),)))


@dataclass
class Setting:
    locker: FakeLocker
    client: httpx.AsyncClient
    port: int


@pytest.fixture
async def kiosk() -> AsyncIterator[Setting]:
    locker = FakeLocker()
    async with (
        serving(locker, lambda: ABOUT, 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield Setting(locker, client, port)


async def test_a_painted_frame_is_passed_on_and_nobody_need_listen(kiosk: Setting) -> None:
    frames: list[None] = []
    assert (await kiosk.client.post("/painted", json={})).status_code == 204
    async with serving(FakeLocker(), lambda: ABOUT, 0, lambda: frames.append(None)) as port:
        answer = await kiosk.client.post(f"http://127.0.0.1:{port}/painted", json={})

    assert (answer.status_code, len(frames)) == (204, 1)


async def test_the_page_forbids_caches_frames_and_foreign_scripts(kiosk: Setting) -> None:
    answer = await kiosk.client.get("/")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/static/main.js", "text/javascript; charset=utf-8"),
        ("/static/tokens.css", "text/css; charset=utf-8"),
        ("/static/words/pl.json", "application/json"),
        ("/static/mark.svg", "image/svg+xml"),
    ],
)
async def test_static_files_have_their_kind(kiosk: Setting, path: str, kind: str) -> None:
    answer = await kiosk.client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static//etc/passwd", "/nothing"]
)
async def test_what_is_no_page_cannot_be_read(kiosk: Setting, path: str) -> None:
    answer = await kiosk.client.get(path)

    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


async def test_the_locker_describes_itself(kiosk: Setting) -> None:
    described = (await kiosk.client.get("/config")).json()

    assert described["name"] == "Centrum"
    assert described["languages"] == ["en", "pl"]
    assert described["layout"]["compartments"] == [{"label": "A07", "size": "M", "low": True}]


async def test_the_screen_is_the_one_of_the_controller(kiosk: Setting) -> None:
    await kiosk.locker.show(DroppedOff(A07))

    assert (await kiosk.client.get("/screen")).json() == {"kind": "dropped_off", "label": "A07"}


async def test_a_code_is_entered_from_the_body(kiosk: Setting) -> None:
    answer = await kiosk.client.post("/code", json={"code": CODE})

    assert answer.json() == {"entry": "accepted"}
    assert kiosk.locker.codes == [CODE]


@pytest.mark.parametrize("typed", ["123456788", "1", "", "9" * 33])
async def test_a_slip_is_said_to_be_one(kiosk: Setting, typed: str) -> None:
    answer = await kiosk.client.post("/code", json={"code": typed})

    assert answer.json() == {"entry": "slip"}
    assert kiosk.locker.codes == []


async def test_a_code_during_a_lockout_is_not_looked_at(kiosk: Setting) -> None:
    kiosk.locker.locked = True

    assert (await kiosk.client.post("/code", json={"code": CODE})).json() == {"entry": "locked"}


async def test_a_code_in_an_address_is_not_taken(kiosk: Setting) -> None:
    answer = await kiosk.client.get("/code", params={"code": CODE})

    assert answer.status_code == 405
    assert kiosk.locker.codes == []


async def test_a_scan_and_an_answer_reach_the_locker(kiosk: Setting) -> None:
    scanned = await kiosk.client.post("/scan", json={"text": "LM1:ABC DEF"})
    answered = await kiosk.client.post("/answer", json={"answer": "too_big", "label": "A07"})

    assert (scanned.status_code, answered.status_code) == (204, 204)
    assert kiosk.locker.scans == ["LM1:ABC DEF"]
    assert kiosk.locker.answers == [(Answer.TOO_BIG, A07)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/answer", {"answer": "open_all"}),
        ("/answer", {"answer": "done", "label": 7}),
        ("/code", {"code": 123456789}),
        ("/code", {"code": CODE, "more": 1}),
        ("/scan", []),
        ("/scan", {}),
    ],
)
async def test_a_body_of_another_shape_is_refused_without_quoting_it(kiosk: Setting, path: str, body: Any) -> None:
    answer = await kiosk.client.post(path, json=body)

    assert answer.status_code == 400
    assert "open_all" not in answer.text
    assert CODE not in answer.text
    assert (kiosk.locker.codes, kiosk.locker.scans, kiosk.locker.answers) == ([], [], [])


async def test_what_was_typed_is_never_printed(kiosk: Setting, capfd: pytest.CaptureFixture[str]) -> None:
    await kiosk.client.post("/code", content=f'{{"code": {CODE}', headers={"Content-Type": "application/json"})
    await kiosk.client.post("/answer", json={"answer": CODE})
    await kiosk.client.post("/code", json={"code": CODE})

    printed = capfd.readouterr()
    assert CODE not in printed.out + printed.err


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::1]", "localhost.evil.example"])
async def test_another_host_name_is_refused(kiosk: Setting, host: str) -> None:
    read = await kiosk.client.get("/screen", headers={"Host": host})
    written = await kiosk.client.post("/answer", json={"answer": "done"}, headers={"Host": host})

    assert (read.status_code, written.status_code) == (421, 421)
    assert kiosk.locker.answers == []


async def test_another_page_may_not_answer(kiosk: Setting) -> None:
    answer = await kiosk.client.post("/answer", json={"answer": "done"}, headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403
    assert kiosk.locker.answers == []


async def test_our_own_page_may_answer(kiosk: Setting) -> None:
    own = f"http://127.0.0.1:{kiosk.port}"

    assert (await kiosk.client.post("/answer", json={"answer": "done"}, headers={"Origin": own})).status_code == 204


async def test_a_form_is_no_json(kiosk: Setting) -> None:
    answer = await kiosk.client.post("/code", data={"code": CODE})

    assert answer.status_code == 415
    assert kiosk.locker.codes == []


async def test_a_body_that_is_too_large_is_refused(kiosk: Setting) -> None:
    answer = await kiosk.client.post("/scan", json={"text": "A" * BODY_BYTES_MAX})

    assert answer.status_code == 413
    assert kiosk.locker.scans == []


async def test_screens_are_streamed_as_they_change(kiosk: Setting) -> None:
    async with kiosk.client.stream("GET", "/events") as answer:
        lines = answer.aiter_lines()
        assert answer.headers["content-type"].startswith("text/event-stream")
        seen = [await anext(lines), json.loads((await anext(lines)).removeprefix("data: "))["kind"]]
        await kiosk.locker.show(DroppedOff(A07))
        await anext(lines)
        seen += [await anext(lines), json.loads((await anext(lines)).removeprefix("data: "))["kind"]]

    assert seen == ["event: screen", "idle", "event: screen", "dropped_off"]


async def test_only_so_many_pages_may_listen_and_one_that_leaves_makes_room(kiosk: Setting) -> None:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=kiosk.client.base_url, trust_env=False, limits=limits) as client:
        open_ = [await client.send(client.build_request("GET", "/events"), stream=True) for _ in range(STREAMS_MAX)]
        # The iterators are kept: one that is forgotten closes its answer.
        lines = [answer.aiter_lines() for answer in open_]
        first = [await anext(line) for line in lines]
        assert first == ["event: screen"] * STREAMS_MAX
        assert (await client.get("/events")).status_code == 503

        for answer in open_:
            await answer.aclose()
        for _ in range(1000):
            async with client.stream("GET", "/events") as answer:
                if answer.status_code == 200:
                    return
        pytest.fail("nobody who left made room")


async def test_the_server_closes_while_a_page_still_listens() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        async with serving(FakeLocker(), lambda: ABOUT, 0) as port:
            request = client.build_request("GET", f"http://127.0.0.1:{port}/events")
            answer = await client.send(request, stream=True)
            lines = answer.aiter_lines()
            await anext(lines)
        rest = [line async for line in lines]

        assert [line for line in rest if line.startswith("event")] == []
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")
