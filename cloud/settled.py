"""What a serving process does with its memory once it is ready: full collections then no longer stop anybody.

A collection of everything the imports brought takes 50 ms of one core (measured by ``make bench ARGS=windows``), which
is half of what a page may take. What is there when serving begins stays there, so it is never looked at again.
"""

import gc

GC_THRESHOLDS = (50_000, 20, 50)  # with the default of 700, collections set the API's p99 (performance.md, 8)


def settle() -> None:
    """Call it once, when everything that stays has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
