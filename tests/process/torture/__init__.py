"""``kill -9`` of real processes, a thousand times, while people use the lockers: ``make torture``."""
