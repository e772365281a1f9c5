"""A worker does not outlive a service that was killed, whatever it is at."""

import asyncio
import sys

import psutil

WORKER = """
import signal
from cloud.routing.joint.worker import end_with_parent
end_with_parent()
print("ready", flush=True)
signal.pause()
"""
SERVICE = f"""
import subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", {WORKER!r}], stdout=subprocess.PIPE)
worker.stdout.readline()
print(worker.pid, flush=True)
worker.wait()
"""


async def test_a_worker_whose_service_is_killed_ends_at_once() -> None:
    service = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVICE, stdout=asyncio.subprocess.PIPE)
    assert service.stdout is not None
    worker = psutil.Process(int(await service.stdout.readline()))
    assert worker.is_running()

    service.kill()
    await service.wait()

    gone, alive = await asyncio.to_thread(psutil.wait_procs, [worker], timeout=60)
    for one in alive:
        one.kill()
    assert gone
