"""What the agent weighs: resident memory and start-up CPU, idle with its page served, against its bare imports.

    python -m bench.edge_weight agent|imports     prints one line when ready, then waits for its input to close

Both run in processes of their own. The agent stands on simulated pins, which adds a little that a Pi has not; it never
connects, as "doors ready" must not need a network.
"""

import asyncio
import contextlib
import json
import random
import secrets
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

RSS_TARGET_MB = 48.0
CPU_TARGET_S = 0.5
SETTLE_S = 2.0


def compare() -> list[dict[str, object]]:
    """Return memory and CPU of both."""
    bare, agent = _weigh("imports"), _weigh("agent")
    return [
        {
            "agent_mb": agent["mb"],
            "imports_mb": bare["mb"],
            "ratio_mb": round(agent["mb"] / bare["mb"], 2),
            "target_mb": RSS_TARGET_MB,
            "agent_cpu_s": agent["cpu_s"],
            "imports_cpu_s": bare["cpu_s"],
            "ratio_cpu": round(agent["cpu_s"] / bare["cpu_s"], 2),
            "target_cpu_s": CPU_TARGET_S,
        }
    ]


def _weigh(what: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.edge_weight", what]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin  # noqa: S101 - PIPE was asked for
        assert child.stdout  # noqa: S101 - PIPE was asked for
        ready: dict[str, float] = json.loads(child.stdout.readline())
        time.sleep(SETTLE_S)
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        child.stdin.close()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return {"mb": round(int(resident.split()[1]) / 1024, 1), "cpu_s": ready["cpu_s"]}


def _say_ready() -> None:
    print(json.dumps({"cpu_s": round(time.process_time(), 3)}), flush=True)


def _imports() -> None:
    for name in ("paho.mqtt.client", "gpiozero", "cryptography.x509", "aiosqlite", "msgspec", "microdot"):
        __import__(name)
    _say_ready()
    sys.stdin.read()


async def _agent() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    import contract.mqtt  # noqa: F401, PLC0415 - a locker that has never found its broker has loaded it all the same
    from contract.envelope import Signer  # noqa: PLC0415 - weighed, so loaded where it counts
    from contract.ids import BootId, KeyId, LockerId, compartment_label  # noqa: PLC0415
    from contract.layout import CompartmentPlan, Layout  # noqa: PLC0415
    from contract.sizes import SizeClass  # noqa: PLC0415
    from edge import app  # noqa: PLC0415
    from edge.agent import Agent, Fittings  # noqa: PLC0415
    from edge.drivers.board import open_board  # noqa: PLC0415
    from edge.locker_controller.identity import Hardware, Identity  # noqa: PLC0415
    from edge.locker_controller.state import Setup  # noqa: PLC0415
    from edge.store.sqlite_aio import AioDatabase  # noqa: PLC0415
    from firmware_sim.pins import SimulatedCabinet  # noqa: PLC0415
    from firmware_sim.wiring import simulated_wiring  # noqa: PLC0415

    plans = tuple(CompartmentPlan(compartment_label(f"A{n:02d}"), SizeClass.M) for n in range(1, 21))
    wired = simulated_wiring(Layout("bench", plans))
    key = Ed25519PrivateKey.generate()
    identity = Identity(
        setup=Setup(LockerId("BENCH"), Layout("bench", plans), secrets.token_bytes(32)),
        keys={KeyId("cloud-1"): key.public_key()},
        salt_locker=secrets.token_bytes(16),
        boot=BootId(secrets.token_bytes(16)),
        agent_version="bench",
        build_ms=0,
    )
    with tempfile.TemporaryDirectory() as folder, SimulatedCabinet.of(wired) as cabinet:
        world = app.system_world()
        board = open_board(wired, world.clock, cabinet.factory)
        fittings = Fittings(
            identity=identity,
            signer=Signer(KeyId("BENCH"), key),
            hardware=Hardware(board.locks, board.doors, board.buzzer),
            world=world,
            open_database=partial(AioDatabase.open, Path(folder) / "locker.db"),
            kiosk_port=0,
        )
        agent = Agent(fittings)
        running = asyncio.create_task(agent.run())
        await agent.ready.wait()
        _say_ready()
        await asyncio.to_thread(sys.stdin.read)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        board.close()


if __name__ == "__main__":
    random.seed(1)
    if sys.argv[1] == "imports":
        _imports()
    else:
        asyncio.run(_agent())
