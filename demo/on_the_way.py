"""A van of the demo shows where it is, as its courier's phone would: along the straight way to the next stop."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo.cloud_client import CONFLICT, CloudClient, CloudError
from demo.day_clock import DayClock

EVERY_S = 2.0  # real seconds between two words of it; a phone of a day in real time says it each quarter of a minute
ACCURACY_M = 15.0
LOST = (0, CONFLICT, 503)  # no answer, no route any more, too much to do: what was missed is not told later


@dataclass(slots=True)
class OnTheWay:
    """Knows at which stop one van was last, and when it last said where it is (in the clock's real seconds)."""

    courier_id: str
    phone: CloudClient
    left: tuple[float, float] | None = None
    told_s: float = -EVERY_S

    async def arrive(self, clock: DayClock, stop: dict[str, Any]) -> None:
        self.left = (stop["lon"], stop["lat"])
        await self.tell(clock, 1.0, stop)

    async def tell(self, clock: DayClock, share: float, stop: dict[str, Any]) -> None:
        """Say where the van is once ``share`` of its way to a stop is driven, unless it has said so just now."""
        if self.left is None or clock.passed_s() - self.told_s < EVERY_S:
            return
        self.told_s = clock.passed_s()
        lon, lat = self.left
        lon, lat = lon + share * (stop["lon"] - lon), lat + share * (stop["lat"] - lat)
        at = datetime.now(UTC).isoformat()  # the cloud lives by the real clock, whatever the demo's day shows
        body = {"lon": lon, "lat": lat, "accuracy_m": ACCURACY_M, "at": at}
        try:
            await self.phone.put(f"/v1/couriers/{self.courier_id}/position", body)
        except CloudError as error:
            if error.status not in LOST:
                raise
