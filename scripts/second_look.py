"""A test in which real time takes part and that failed once is run again, alone, when everything else has ended.

Browsers, brokers and agents of their own are slowed by whatever else a machine does, so a test of theirs can fail for
nothing that is wrong with the product. It is no proof of that either: whoever passes only now is named in the last line
of the run as unsteady, to be mended. Tests in which time is a number get no second look, and neither does a run of
which more than a chance few failed.
"""

import json
import re
from pathlib import Path

REAL_TIME = ("tests/web/", "tests/integration/", "tests/process/", "tests/hostile/test_real_proxy.py")
AT_MOST = 3  # of some 1,500 such tests; every run CI refused for a race had one or two, a broken change has more
GROUP = re.compile(r"@[a-z]+$")  # how pytest-xdist marks the tests it keeps together


def worth_it(cache: Path) -> list[str]:
    """Return the tests to run again by what pytest kept in ``cache`` of the run; none when that would prove nothing."""
    kept = cache / "v" / "cache" / "lastfailed"
    if not kept.exists():
        return []
    failed = [GROUP.sub("", name) for name in json.loads(kept.read_text())]
    chance = len(failed) <= AT_MOST and all("::" in name and name.startswith(REAL_TIME) for name in failed)
    return sorted(failed) if chance else []
