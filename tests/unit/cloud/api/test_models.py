"""Models over the API: whoever builds a wall of their own says so, and the example wiring is such a wall."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cloud.services.counter_shelf import SHELF_MODEL
from cloud.services.models import STANDARD
from tests.unit.cloud.api.office import Office, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIRING = Path(__file__).parents[4] / "deploy" / "wiring" / "eight-doors-relays.toml"
ONE_DOOR = {"compartments": [{"label": "A01", "size": "M", "low": True}]}


def wired() -> dict[str, Any]:
    """Return the example wiring's wall, as docs/runbooks/install-a-locker.md makes it of the file."""
    doors = tomllib.loads(WIRING.read_text(encoding="utf-8"))["compartment"]
    return {"compartments": [{key: door[key] for key in ("label", "size", "low") if key in door} for door in doors]}


async def test_the_example_wiring_can_be_made_a_model(office: Office) -> None:
    async with office.client() as http:
        made = await http.put("/v1/models/E8", json=wired())
        known = (await http.get("/v1/models")).json()["models"]

    assert made.status_code == 200
    assert [one["model"] for one in known] == sorted(["E8", *(one.model for one in STANDARD)])
    assert made.json() in known
    assert [door["label"] for door in made.json()["compartments"] if door["low"]] == ["A05"]


async def test_a_model_changes_until_a_locker_is_built_as_it(office: Office) -> None:
    locker = (await office.lockers())[0]
    async with office.client() as http:
        first = await http.put("/v1/models/E1", json=ONE_DOOR)
        other = await http.put("/v1/models/E1", json={"compartments": [{"label": "A01", "size": "L"}]})
        built = (await http.get("/v1/models")).json()["models"]
        [same] = [one for one in built if one["model"] == locker.model]
        again = await http.put(f"/v1/models/{locker.model}", json={"compartments": same["compartments"]})
        refused = await http.put(f"/v1/models/{locker.model}", json=ONE_DOOR)

    assert (first.status_code, other.status_code, again.status_code) == (200, 200, 200)
    assert other.json()["compartments"] == [{"label": "A01", "size": "L", "low": False}]
    assert told(refused)["status"] == 409
    assert "needs another name" in told(refused)["detail"]


async def test_what_counters_have_is_no_model_of_a_machine(office: Office) -> None:
    await office.counters()
    async with office.client() as http:
        known = (await http.get("/v1/models")).json()["models"]
        refused = await http.put(f"/v1/models/{SHELF_MODEL}", json=ONE_DOOR)

    assert SHELF_MODEL not in {one["model"] for one in known}
    assert told(refused)["status"] == 409


@pytest.mark.parametrize(
    ("name", "doors", "field"),
    [
        ("E8", [], "compartments"),
        ("E8", [{"label": "7", "size": "M"}], "compartments.0.label"),
        ("E8", [{"label": "A01", "size": "XXL"}], "compartments.0.size"),
        ("E8", [{"label": "A01", "size": "M"}] * 2, "compartments"),
        ("-", [{"label": "A01", "size": "M"}], "model"),
    ],
)
async def test_a_wall_that_cannot_be_is_named(office: Office, name: str, doors: list[object], field: str) -> None:
    async with office.client() as http:
        answer = await http.put(f"/v1/models/{name}", json={"compartments": doors})
    assert told(answer)["status"] == 422
    assert answer.json()["errors"][0]["field"] == field
