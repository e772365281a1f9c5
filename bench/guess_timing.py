"""How long a code takes to look up, by where its parcel stands: printed to be looked at, asserted nowhere.

``tests/hostile/test_guessing.py`` shows by counting work that the place cannot matter; this shows what a clock sees of
it. Argon2id, which costs a thousand times as much and is the same for every code, is left out on purpose.
"""

import statistics
import sys
import time

from contract.codes import StretchedCode, find_match, verifier
from contract.ids import ParcelRef

LIVE = 60
ROUNDS = 4_000
KEY = b"k" * 32
PLACES = {"first": 0, "middle": LIVE // 2, "last": LIVE - 1, "nowhere": LIVE + 7}


def measure() -> dict[str, list[int]]:
    """Return nanoseconds by place, taken in turn so that the machine's moods fall on all alike."""
    parcels = [ParcelRef(number.to_bytes(16)) for number in range(LIVE)]
    live = {n: (parcels[n], verifier(StretchedCode(n.to_bytes(32)), parcels[n], KEY)) for n in range(LIVE)}
    taken: dict[str, list[int]] = {place: [] for place in PLACES}
    for _ in range(ROUNDS):
        for place, number in PLACES.items():
            tried = StretchedCode(number.to_bytes(32))
            began_ns = time.perf_counter_ns()
            find_match(tried, live, KEY)
            taken[place].append(time.perf_counter_ns() - began_ns)
    return taken


def main() -> int:
    """Print the medians and how far they lie apart."""
    medians = {place: statistics.median(taken) / 1000 for place, taken in measure().items()}
    for place, median_us in medians.items():
        sys.stdout.write(f"{place:8} {median_us:8.2f} us\n")
    spread = (max(medians.values()) - min(medians.values())) / min(medians.values())
    sys.stdout.write(f"apart by {spread:.2%} of {LIVE} comparisons\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
