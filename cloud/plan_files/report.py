"""The report: one HTML file with everything inside, so that it opens from a mail, a stick or a share without a network.

Leaflet draws the map, Observable Plot (on D3) the plots; both come from npm at set-up and are copied into the file.
"""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cloud.plan_files.outcome import By, Compared, Ground, Outcome
from cloud.plan_files.writing import as_json, totals

HERE = Path(__file__).parent / "page"
STATIC = HERE.parents[1] / "web" / "static"
MODULES = HERE.parents[2] / "node_modules"
SCRIPTS = ("leaflet/dist/leaflet.js", "d3/dist/d3.min.js", "@observablehq/plot/dist/plot.umd.min.js")
SHEET = "leaflet/dist/leaflet.css"
CENTS = 100


class NoLibrariesError(Exception):
    """The page libraries are not there; the message says how they come."""


def require_libraries(modules: Path = MODULES) -> None:
    """Raise ``NoLibrariesError`` when ``modules`` lacks Leaflet or Plot: asked before a search, which may be long."""
    missing = [name for name in (*SCRIPTS, SHEET) if not (modules / name).is_file()]
    if missing:
        raise NoLibrariesError(f"{modules / missing[0]} is missing: run `make setup`, or say --no-report")


def as_html(outcome: Outcome, modules: Path = MODULES) -> str:
    """Return the whole report; raises ``NoLibrariesError`` when ``modules`` lacks Leaflet or Plot."""
    require_libraries(modules)
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    sheets = (STATIC / "tokens.css", modules / SHEET, HERE / "report.css")
    scripts = [_script(modules / name) for name in SCRIPTS] + [_script(HERE / "report.js")]
    on_earth = outcome.ground is Ground.EARTH
    return environment.get_template("report.html").render(
        outcome=outcome,
        facts=facts(outcome),
        css=Markup("\n".join(path.read_text(encoding="utf-8") for path in sheets)),  # noqa: S704 - our files and npm's
        scripts=scripts,
        data=_data(as_json(outcome)),
        ground=_data((STATIC / "basemap.geojson").read_text(encoding="utf-8")) if on_earth else None,
        has_map=any(len(route.path) > 1 for route in outcome.routes),
        clock=clock if on_earth else str,
        length=_kilometres if on_earth else str,
        cost=(lambda cents: f", {money(cents)}") if on_earth else (lambda _: ""),
        km=lambda metres: f"{metres / 1000:,.1f}",
        money=money,
        with_others=any(one.crowd or one.partner for one in outcome.compared),
        per_parcel=per_parcel,
    )


def facts(outcome: Outcome) -> list[tuple[str, str]]:
    """Return what stands in large numbers at the top."""
    known = totals(outcome)
    if outcome.ground is Ground.PLANE:
        shown = [("vehicles", f"{len(outcome.routes)}"), ("customers", f"{outcome.parcels}")]
        return [*shown, ("left behind", f"{len(outcome.unplanned)}")]
    return [
        ("a parcel", f"{known['cents_per_parcel']:.0f} ct"),
        ("the day", money(outcome.cost)),
        ("parcels", f"{outcome.parcels:,}"),
        ("to lockers", f"{100 * outcome.locker_share:.0f} %"),
        ("stops", f"{outcome.stops:,}"),
        ("vans", f"{sum(route.by is By.OWN for route in outcome.routes)}"),
        ("on the road", f"{outcome.metres / 1000:,.0f} km"),
        ("paid hours", f"{outcome.hours:,.1f}"),
        ("CO2", f"{known['co2_g'] / 1000:,.0f} kg"),
        *((f"by {name}", f"{brought}: {money(cents)}") for name, brought, cents in _others(outcome)),
        ("left behind", f"{len(outcome.unplanned)}"),
    ]


def _others(outcome: Outcome) -> list[tuple[str, int, int]]:
    """Return what crowd couriers and partner fleets bring and get, as far as anybody of them does anything."""
    found = [("crowd", *outcome.brought_by(By.CROWD)), ("partners", *outcome.brought_by(By.PARTNER))]
    return [one for one in found if one[1]]


def clock(seconds: int) -> str:
    """Return seconds since midnight as ``08:30``."""
    minutes = seconds // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def money(cents: int) -> str:
    """Return cents in the fleet's currency, which no file names."""
    return f"{cents / CENTS:,.2f}"


def per_parcel(one: Compared) -> str:
    return f"{one.cost / max(1, one.parcels):.1f}"


def _kilometres(metres: int) -> str:
    return f"{metres / 1000:.1f} km"


def _script(path: Path) -> Markup:
    text = path.read_text(encoding="utf-8")
    return Markup(text.replace("</script", "<\\/script"))  # noqa: S704 - our files and npm's, and no tag may end early


def _data(text: str) -> Markup:
    """Return JSON that cannot end its own script element, whatever an address has in it."""
    compact = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    return Markup(compact.replace("<", "\\u003c"))  # noqa: S704 - every < is escaped
