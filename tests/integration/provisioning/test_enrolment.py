"""The device's command against a real HTTP server that stands in for the cloud's endpoint."""

import http.server
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from provisioning.bundle import encode_bundle, load_bundle
from provisioning.client import CloudPlace, EnrolmentError, Exit, enrol
from provisioning.device_keys import EnrolmentRequest, load_or_make_keys, verify_request
from provisioning.renewal import PATH, RenewalRequest
from tests.contract.link_worlds import free_port
from tests.unit.provisioning.examples import LOCKER, Office, office

Answer = Callable[[EnrolmentRequest], tuple[int, bytes]]
Renew = Callable[[RenewalRequest], tuple[int, bytes]]


@contextmanager
def cloud(answer: Answer, tls: ssl.SSLContext | None = None, renew: Renew | None = None) -> Iterator[str]:
    """Serve ``POST /v1/enrolments``, and renewals where there is an answer to them, for the length of the block."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = 404, b""
            if self.path == "/v1/enrolments":
                status, body = answer(msgspec.json.decode(raw, type=EnrolmentRequest))
            elif self.path == PATH and renew is not None:
                status, body = renew(msgspec.json.decode(raw, type=RenewalRequest))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Keep quiet in the test's output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    return office(tmp_path / "ca")


def accept(desk: Office) -> Answer:
    return lambda request: (201, encode_bundle(desk.bundle(request)))


def refuse(status: int, body: bytes) -> Answer:
    return lambda _request: (status, body)


def test_a_device_enrols_and_finds_its_bundle(tmp_path: Path, desk: Office) -> None:
    with cloud(accept(desk)) as url:
        bundle = enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")

    assert load_bundle(tmp_path / "device") == bundle
    assert (tmp_path / "device" / "tls.crt").read_text() == bundle.certificate_chain_pem


def test_the_request_carries_both_proofs(tmp_path: Path, desk: Office) -> None:
    seen: list[EnrolmentRequest] = []

    def look(request: EnrolmentRequest) -> tuple[int, bytes]:
        seen.append(request)
        return accept(desk)(request)

    with cloud(look) as url:
        enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")

    assert [verify_request(request) for request in seen] == [None]


def test_a_lost_answer_is_asked_for_again_with_the_very_same_request(tmp_path: Path, desk: Office) -> None:
    seen: list[EnrolmentRequest] = []

    def lose_the_first(request: EnrolmentRequest) -> tuple[int, bytes]:
        seen.append(request)
        return accept(desk)(request) if len(seen) > 1 else (502, b"")

    with cloud(lose_the_first) as url:
        with pytest.raises(EnrolmentError):
            enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")
        enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")

    assert seen[0] == seen[1]


def test_an_enrolled_device_asks_nobody(tmp_path: Path, desk: Office) -> None:
    with cloud(accept(desk)) as url:
        bundle = enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")

    assert enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device") == bundle


@pytest.mark.parametrize(
    ("answer", "code", "sentence"),
    [
        (refuse(409, b'{"title": "Claim used", "detail": "this claim was used before"}'), Exit.REFUSED, "used before"),
        (refuse(410, b'{"title": "Claim expired"}'), Exit.REFUSED, "410.*Claim expired"),
        (refuse(500, b"<html>oops"), Exit.REFUSED, "500.*oops"),
        (refuse(422, b"[1]"), Exit.REFUSED, "422"),
        (refuse(201, b"{}"), Exit.BAD_ANSWER, "locker_id"),
        (refuse(201, b"x" * 300_000), Exit.BAD_ANSWER, "at most"),
    ],
)
def test_every_refusal_has_its_exit_code_and_a_sentence(
    tmp_path: Path, answer: Answer, code: Exit, sentence: str
) -> None:
    with cloud(answer) as url, pytest.raises(EnrolmentError, match=sentence) as caught:
        enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")

    assert caught.value.code is code


def test_a_bundle_for_another_device_is_not_kept(tmp_path: Path, desk: Office) -> None:
    foreign = load_or_make_keys(tmp_path / "another").request("CLAIM")
    swap = refuse(201, encode_bundle(desk.bundle(foreign)))

    with cloud(swap) as url, pytest.raises(EnrolmentError, match="another device's key"):
        enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")

    assert not list((tmp_path / "device").glob("bundle*"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        # named, because two collecting workers must call one test the same whatever port is free
        pytest.param(f"http://127.0.0.1:{free_port()}", "cannot reach", id="nobody-listens"),
        ("http://lockers.example", "use https"),
        ("ftp://lockers.example", "no address"),
        ("lockers.example", "no address"),
    ],
)
def test_a_cloud_that_cannot_be_reached_says_so(tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(EnrolmentError, match=sentence) as caught:
        enrol(CloudPlace(url=url), "CLAIM", tmp_path / "device")

    assert caught.value.code is Exit.UNREACHABLE


def test_a_broken_key_file_stops_before_anything_is_sent(tmp_path: Path) -> None:
    load_or_make_keys(tmp_path)
    (tmp_path / "tls.key").write_text("broken")

    with pytest.raises(EnrolmentError, match=r"tls\.key") as caught:
        enrol(CloudPlace(url="http://127.0.0.1:9"), "CLAIM", tmp_path)

    assert caught.value.code is Exit.UNUSABLE_FILES


def run(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "provisioning.client", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_enrols_with_a_claim_from_standard_input(tmp_path: Path, desk: Office) -> None:
    with cloud(accept(desk)) as url:
        done = run("--cloud", url, "--claim", "-", "--out", str(tmp_path / "device"), stdin="CLAIM\n")

    assert (done.returncode, done.stdout) == (0, f"Enrolled as locker {LOCKER}; the bundle is in {tmp_path}/device.\n")


def test_the_command_fails_with_a_code_and_without_a_trace(tmp_path: Path) -> None:
    with cloud(refuse(409, b'{"detail": "this claim was used before"}')) as url:
        done = run("--cloud", url, "--claim", "CLAIM", "--out", str(tmp_path / "device"))

    assert done.returncode == Exit.REFUSED
    assert done.stderr == "latchmile-enrol: the cloud refused (409): this claim was used before\n"
