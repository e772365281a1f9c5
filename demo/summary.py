"""The terminal: a picture that moves where there is a terminal, plain lines where there is none."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.scene import Scene
from demo.tally import Happening
from firmware_sim.deeds import LockerPicture

EVERY_S = 1.0
LINES = 11
COUNTS = (
    ("planned", "planned"),
    ("delivered_home", "delivered at the door"),
    ("failed_attempts", "failed attempts"),
    ("opted_in", "opted in to a locker"),
    ("dropped_off", "dropped off at lockers"),
    ("picked_up", "picked up"),
    ("collected", "collected again"),
    ("wrong_codes", "wrong codes"),
)


class Summary:
    """Says what happens; ``say`` is for the time before there is a scene."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began_s = time.monotonic()
        self._pictures: tuple[LockerPicture, ...] = ()

    def say(self, what: str) -> None:
        """Print one line of the set-up."""
        self.console.print(Text(f"{time.monotonic() - self._began_s:5.1f} s  {what}"), soft_wrap=True)

    @asynccontextmanager
    async def shown(self, scene: Scene) -> AsyncIterator[None]:
        """Show the scene while the block runs."""
        if not self.console.is_terminal:
            scene.tally.observer = self._line
            self._addresses_as_lines(scene)
            for happening in scene.tally.happenings:
                self._line(happening)
            yield
            return
        with Live(self._picture(scene), console=self.console, refresh_per_second=4, transient=False) as live:
            refreshing = asyncio.create_task(self._refresh(scene, live))
            try:
                yield
            finally:
                refreshing.cancel()
                await asyncio.gather(refreshing, return_exceptions=True)
                live.update(self._picture(scene))

    def _line(self, happening: Happening) -> None:
        self.console.print(Text(f"{happening.at:%a %H:%M}  {happening.what}"), soft_wrap=True)

    def _addresses_as_lines(self, scene: Scene) -> None:
        for name, address in scene.addresses.items():
            self.console.print(Text(f"  {name}: {address}"), soft_wrap=True)

    async def _refresh(self, scene: Scene, live: Live) -> None:
        while True:
            try:
                self._pictures = await scene.simulator.pictures()
            except httpx.HTTPError:
                self._pictures = ()
            live.update(self._picture(scene))
            await asyncio.sleep(EVERY_S)

    def _picture(self, scene: Scene) -> RenderableType:
        top = Table.grid(expand=True, padding=(0, 1))
        top.add_column(ratio=2)
        top.add_column(ratio=3)
        top.add_row(Panel(_counts(scene), title=_title(scene)), Panel(self._lockers(scene), title="Lockers"))
        return Group(top, Panel(_happenings(scene), title="Just now"), Panel(_addresses(scene), title="Open"))

    def _lockers(self, scene: Scene) -> Table:
        table = Table.grid(padding=(0, 2))
        for one in self._pictures:
            full = sum(door.parcel is not None for door in one.doors)
            bar = "█" * full + "·" * (len(one.doors) - full)
            state, colour = _link_of(one)
            table.add_row(scene.name_of(one.id), Text(bar, style="cyan"), Text(state, style=colour))
        return table


def _title(scene: Scene) -> str:
    left = f", {max(0, scene.settings.duration_s - scene.clock.passed_s()):.0f} s left" * bool(
        scene.settings.duration_s
    )
    return f"{scene.clock.now():%A %H:%M}{left}"


def _counts(scene: Scene) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, meaning in COUNTS:
        table.add_row(Text(str(scene.tally.counts[name]), style="bold", justify="right"), meaning)
    done = len(scene.tally.whole_way)
    table.add_row(Text(str(done), style="bold green" if done else "bold", justify="right"), "the whole way")
    return table


def _link_of(one: LockerPicture) -> tuple[str, str]:
    if not one.power:
        return "no power", "red"
    if one.uplink_cut:
        return "uplink cut", "red"
    return ("online", "green") if one.online else ("connecting", "yellow")


def _happenings(scene: Scene) -> Text:
    recent = list(scene.tally.happenings)[-LINES:]
    return Text("\n".join(f"{one.at:%H:%M}  {one.what}" for one in recent), overflow="ellipsis", no_wrap=True)


def _addresses(scene: Scene) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, address in scene.addresses.items():
        table.add_row(name, Text(address, style="bold"))
    return table
