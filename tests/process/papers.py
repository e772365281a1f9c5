"""The files of the story: an operator's lockers, a carrier's parcels, and in each a few rows that cannot be right."""

import csv
import io
import json
from datetime import datetime

DEPOT = (20.98, 52.23)
CENTRE, BRIDGE = "WAW-CEN", "WAW-SWI"
FAILED, WAITING, SHOWN, CRASHED, JAMMED = "LM-FAILED", "LM-WAITING", "LM-SHOWN", "LM-CRASHED", "LM-JAMMED"
FORGOTTEN, AWAY, HOME, IMPOSSIBLE = "LM-FORGOTTEN", "LM-AWAY", "LM-HOME", "LM-IMPOSSIBLE"
TO_CENTRE = (WAITING, SHOWN, CRASHED, JAMMED)
PHONE = "+48601234567"


def lockers_geojson() -> str:
    """Return two lockers as OpenStreetMap has them, and one that lies nowhere."""
    centre = _feature({"ref": CENTRE, "name": "Centrum", "addr:street": "Marszałkowska"}, [21.0108, 52.2297])
    bridge = _feature({"ref": BRIDGE, "name": "Świętokrzyska", "addr:street": "Świętokrzyska"}, [21.0083, 52.2353])
    nowhere = _feature({"ref": "WAW-NIL"}, [21.0, 152.2])
    features = ",\n".join(json.dumps(one, ensure_ascii=False) for one in (centre, bridge, nowhere))
    return f'{{"type": "FeatureCollection", "features": [\n{features}\n]}}\n'


def parcels_csv(before_work: datetime) -> str:
    """Return the carrier's day: good parcels, one with a window (``before_work``) nobody can meet, two broken rows."""
    good = [_row(barcode) for barcode in (FAILED, *TO_CENTRE, AWAY, HOME)]
    window = {"window_from": before_work.isoformat(), "window_to": before_work.replace(minute=45).isoformat()}
    impossible = {**_row(IMPOSSIBLE), "locker_allowed": "no", **window}
    no_mail = {**_row("LM-NOMAIL"), "recipient_email": "nobody at home"}
    no_place = {**_row("LM-NOWHERE"), "latitude": "north"}
    return _csv([*good, impossible, no_mail, no_place])


def forgotten_csv() -> str:
    """Return the one parcel of a carrier whose compartments are rented by the second."""
    return _csv([_row(FORGOTTEN)])


def name_of(barcode: str) -> str:
    return f"Zdzisława {barcode.removeprefix('LM-').title()}ska"


def mail_of(barcode: str) -> str:
    return f"{barcode.lower()}@people.example"


def _row(barcode: str) -> dict[str, str]:
    return {
        "barcode": barcode,
        "recipient_name": name_of(barcode),
        "recipient_email": mail_of(barcode),
        "recipient_phone": PHONE,
        "language": "en",
        "address": "Marszałkowska 99, Warszawa",
        "longitude": "21.0120",
        "latitude": "52.2290",
        "length_mm": "300",
        "width_mm": "200",
        "height_mm": "60",
        "weight_g": "900",
        "window_from": "",
        "window_to": "",
        "locker_allowed": "yes",
    }


def _csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _feature(properties: dict[str, str], coordinates: list[float]) -> dict[str, object]:
    known = {"amenity": "parcel_locker", "opening_hours": "24/7", "model": "S12", **properties}
    return {
        "type": "Feature",
        "properties": known,
        "geometry": {"type": "Point", "coordinates": coordinates},
    }
