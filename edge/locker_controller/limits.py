"""Every number the locker lives by that is not configuration, each with its reason."""

from contract.bulk import BULK_LIFE_S
from contract.commands import REMOTE_OPEN_GAP_S, REMOTE_OPENS_PER_HOUR_MAX

__all__ = ["REMOTE_OPENS_PER_HOUR_MAX", "REMOTE_OPEN_GAP_S"]

HOUR_S = 3600
DAY_S = 24 * HOUR_S

# What is kept
GRANTS_KEPT_MAX = 2048  # the largest locker (400 doors): a live pick-up each, and two days of drop-offs to come
INBOX_IDS_MAX = 4096  # weeks of a busy locker; only a second wall, for every kind is replay-proof by itself
GROUPS_KEPT_MAX = 16_384  # 400 doors, one parcel a day each, for GROUP_KEEP_S, with a third to spare
GROUP_KEEP_S = 30 * DAY_S  # longer than a wire copy lives (28 days) and than any dwell: a late copy meets its end
REVOKED_KEEP_S = 400 * DAY_S  # a revoked parcel may be forgotten inside for a year, and must not open again by itself
PICK_UP_KEEP_S = 7 * DAY_S  # a dormant pick-up whose parcel never came; a courier's week cut off fits
TIDY_EVERY_S = HOUR_S  # forgetting is cheap but looks at everything; an hour late harms nobody

# What one decision may do
EVENTS_PER_DECISION_MAX = 200  # one batch on the wire; more in one decision is a defect, not a busy day
EVENTS_SPARE = 16  # no door needs more; below this room the other doors of a mass opening wait for the next tick

# Codes (trust.md: five free, then 30 s doubling to an hour, a hundred a day: 0.014 % per locker and day)
FREE_MISSES = 5
LOCK_FIRST_S = 30
LOCK_S_MAX = HOUR_S
MISSES_PER_DAY_MAX = 100
PICK_UPS_PER_MINUTE_MAX = 8  # the fastest courier needs 7 s a door, a recipient who never saw it before twice that

# Doors
PULSES_PER_INTENT_MAX = 2  # the one re-pulse; a third only warms a coil that does not move its hook
REPULSE_REST_MS = 2000  # the least rest of a cabinet lock's coil between two pulses
PULSE_ANSWER_MS_MAX = 10_000  # a pulse takes a second; a driver silent for ten has lost it
LATE_OPENING_MS = 30_000  # a stiff door that is pulled half a minute after its pulse was still asked for
CATCH_MS = 10_000  # a door that did not catch swings open again at once; later it is another opening
NOT_OPENED_MS = 60_000  # time to read "did it open?" and answer
DOUBT_S = 180  # after a crash mid-pulse the same code works once more this long (trust.md)
CLAIM_MS = 15_000  # somebody says "closed", the sensor says "open": a door on its way is closed by then
GIVE_UP_TIMES = 5  # times door_left_open_s: the person has left, the machine serves the next one
WARNINGS_MAX = 6  # each after twice the time of the one before: 1 min to half an hour, then it is the operator's
SUSPECT_OPEN_MS = HOUR_S * 1000  # nobody holds a door for an hour; a cut cable does
SUSPECT_UNKNOWN_MS = 60_000  # a sensor that cannot be read for a minute watches nothing
MASS_OPEN_DOORS = (
    3  # one forced door is a thief or a cut cable, two a coincidence; three are the whole machine's matter
)
CLOSE_DOOR_SHOWN_MS = 300_000  # then the screen is given back to the people who want their parcels

# Many doors by one order of two operators
BULK_AHEAD_S_MAX = BULK_LIFE_S + 60  # an order's life, and what the cloud's clock may have leapt since our last word
BULK_ORDERS_PER_DAY_MAX = 4  # a locker is cleaned or emptied once a day; the rest is for orders that were stopped
TECHNICIAN_S = 180  # signed in and doing nothing, as a courier is by default

# People
PICK_UPS_AGAIN_MAX = 1  # product rule: once more within the session, journalled
AGAIN_S = 60
TRIES_AGAIN_MAX = 1  # after a door that did not open; then it is a fault
DROP_OFFS_AGAIN_MAX = 3  # a courier who let a door fall shut
COLLECTIONS_AGAIN_MAX = DROP_OFFS_AGAIN_MAX  # the same door, fallen shut in the dark
PASS_PARTS_MAX = 64  # 384 parcels at one stop fill a van; what claims more is a defect, and is not counted
SESSION_S_MAX = 4 * HOUR_S  # a courier's longest stop; a forgotten session must end
NOTICE_MS = 6000  # reading a sentence takes four seconds
PICKED_UP_MS = 20_000  # time to look into the box again and tap "open again", "empty" or "not mine"
REASON_CHARACTERS_MAX = 64  # a word for a list, not an essay; it is journalled and kept
PROBLEM_GAP_MS = 10_000  # a child tapping "problem" must not fill the journal
REFUSALS_PER_MINUTE_MAX = 10  # enough to see an attack, too few to fill the card with it

# Configuration that would make a locker useless is refused, whoever signed it
DOOR_LEFT_OPEN_S = (10, 3600)
CONFIRM_S = (5, 300)
OPEN_DETECT_MS = (500, 10_000)
COURIER_SESSION_S = (30, 1800)
MINUTE_OF_DAY = (0, 24 * 60 - 1)
