"""The agent as ``bench.edge_weight`` weighs it: offline, idle, its page served, twenty doors on simulated pins."""

import asyncio
import contextlib
import secrets
import sys
import tempfile
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import contract.mqtt  # noqa: F401 - a locker that has never found its broker has loaded its client all the same
from bench.edge_weight import say_ready
from contract.envelope import Signer
from contract.ids import BootId, KeyId, LockerId, compartment_label
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from edge import app
from edge.agent import Agent, Fittings
from edge.drivers.board import open_board
from edge.locker_controller.identity import Hardware, Identity
from edge.locker_controller.state import Setup
from edge.store.sqlite_aio import AioDatabase
from firmware_sim.pins import SimulatedCabinet
from firmware_sim.wiring import simulated_wiring


async def _agent() -> None:

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
        say_ready()
        await asyncio.to_thread(sys.stdin.read)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        board.close()


if __name__ == "__main__":
    asyncio.run(_agent())
