"""What the agent weighs: resident memory and start-up CPU, idle with its page served, against its bare imports.

``python -m bench.edge_weight`` and ``bench.idle_agent`` say when they are ready, then wait for their input to end.

Both run in processes of their own. The agent stands on simulated pins, which adds a little that a Pi has not; it never
connects, as "doors ready" must not need a network.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

RSS_TARGET_MB = 48.0
CPU_TARGET_S = 0.5
SETTLE_S = 2.0


def compare() -> list[dict[str, object]]:
    """Return memory and CPU of both."""
    bare, agent = _weigh("bench.edge_weight"), _weigh("bench.idle_agent")
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


def _weigh(module: str) -> dict[str, float]:
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin  # noqa: S101 - PIPE was asked for
        assert child.stdout  # noqa: S101 - PIPE was asked for
        ready: dict[str, float] = json.loads(child.stdout.readline())
        time.sleep(SETTLE_S)
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        child.stdin.close()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return {"mb": round(int(resident.split()[1]) / 1024, 1), "cpu_s": ready["cpu_s"]}


def say_ready() -> None:
    """Print how much CPU it took to get here."""
    print(json.dumps({"cpu_s": round(time.process_time(), 3)}), flush=True)


def _imports() -> None:
    for name in ("paho.mqtt.client", "gpiozero", "cryptography.x509", "aiosqlite", "msgspec", "microdot"):
        __import__(name)
    say_ready()
    sys.stdin.read()


if __name__ == "__main__":
    _imports()
