"""``latchmile-sim`` as a process: one and several, started, asked and ended by a signal."""

import asyncio
import sys
from pathlib import Path

import pytest

from contract.ids import LockerId
from firmware_sim.app import SimError, run
from firmware_sim.control_client import RemoteLockers
from firmware_sim.deeds import Look
from firmware_sim.enrolling import JoinError
from firmware_sim.paper_cloud import PaperCloud, small_layout
from firmware_sim.processes import shared_out
from firmware_sim.settings import parse

START_S_MAX = 60  # only ever waited out by a failing test


async def started(command: list[str], url_file: Path) -> tuple[asyncio.subprocess.Process, str]:
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "firmware_sim.app", *command)
    async with asyncio.timeout(START_S_MAX):
        while not (url := await asyncio.to_thread(read, url_file)):
            assert child.returncode is None
            await asyncio.sleep(0.05)
    return child, url


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.long
@pytest.mark.parametrize("processes", [1, 2])
async def test_a_street_is_served_until_it_is_told_to_end(cloud: PaperCloud, tmp_path: Path, processes: int) -> None:
    names = [f"SIM-{nth}" for nth in range(3)]
    for name in names:
        cloud.enrol(LockerId(name), small_layout(), tmp_path / "lockers" / name)
    options = ["--bundles", str(tmp_path / "lockers"), "--port", "0", "--processes", str(processes)]
    child, url = await started([*options, "--url-file", str(tmp_path / "url")], tmp_path / "url")
    async with RemoteLockers(url) as lockers:
        assert [one.id for one in await lockers.pictures()] == names
        for name in names:
            assert not (await lockers.do(name, Look("A01"))).open
    child.terminate()
    assert await child.wait() == 0


def test_lockers_are_dealt_out_evenly() -> None:
    assert shared_out(["a", "b", "c", "d", "e"], 2) == [["a", "c", "e"], ["b", "d"]]
    assert shared_out(["a"], 4) == [["a"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bundles", "nowhere"], "there is no folder"),
        (["--bundles", "."], "holds no locker's bundle"),
        (["--bundles", ".", "--only", "SIM-1"], "no bundle of SIM-1"),
        (["--bundles", ".", "--enrol", "missing.json"], "holds no claims"),
        (["--bundles", ".", "--enrol", "bad.json"], "holds no claims"),
        (["--bundles", ".", "--enrol", "claims.json", "--cloud", "http://127.0.0.1:1"], "could not be enrolled"),
        (["--bundles", ".", "--key", "lm_none", "--cloud", "http://127.0.0.1:1"], "gives no claims"),
    ],
)
async def test_what_cannot_run_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text('{"../../etc": "claim"}')
    (tmp_path / "claims.json").write_text('{"SIM-1": "claim"}')
    with pytest.raises((SimError, JoinError), match=said):
        await run(parse(arguments))


@pytest.mark.parametrize("arguments", [["--port", "x"], ["--processes", "0"], []])
def test_nonsense_ends_with_the_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--bundles", ".", *arguments] if arguments else [])
    assert ended.value.code == 2
