"""What must become of a parcel when the wire was silent, cell by cell, and docs/offline-rules.md made of it.

``python -m tests.simulation.offline_rules`` writes the page; a test plays every cell and compares the page.
"""

from collections.abc import Iterator
from pathlib import Path

from cloud.domain.parcel import ParcelState
from tests.simulation.offline_matrix import ACTS, DONE, NOTHING, OPENS, UNKNOWN, WEATHERS, Outcome

PAGE = Path(__file__).parents[2] / "docs" / "offline-rules.md"
READY, EXPIRED, GONE = ParcelState.READY_FOR_PICKUP, ParcelState.EXPIRED, ParcelState.PICKED_UP
CANCELLED, FAILED = ParcelState.CANCELLED, ParcelState.DELIVERY_FAILED
IN, OUT, VAN = "locker", "recipient", "courier"
CONFLICT, LATE = "refused (conflict)", "refused (transitionrefused)"
DROPPED, PICKED = "surprising_drop_off", "surprising_pick_up"
Row = tuple[str, tuple[Outcome, Outcome, Outcome]]


def _row(why: str, first: Outcome, *others: Outcome) -> Row:
    """Return one pair; outcomes not given are those before them."""
    cloud = others[0] if others else first
    return why, (first, cloud, others[1] if len(others) > 1 else cloud)


WAITS = Outcome(READY, IN, OPENS)
TAKEN = Outcome(GONE, OUT, "spent")
RECALLED = Outcome(EXPIRED, IN, "revoked")
LINGERS = Outcome(EXPIRED, IN, OPENS)

MATRIX: dict[tuple[str, str], Row] = {
    ("drop-off", "drop-off"): _row(
        "One parcel is put in once; its label shown again is known.",
        Outcome(READY, IN, OPENS, second="already_inside"),
    ),
    ("drop-off", "pick-up"): _row("Both are facts of the locker; the cloud learns them in their order.", TAKEN),
    ("drop-off", "revoke"): _row(
        "It is inside, so it waits for a courier and opens to no code. A cloud that did not know is surprised.",
        RECALLED,
        Outcome(EXPIRED, IN, "revoked", case=DROPPED),
    ),
    ("drop-off", "extend"): _row(
        "A cloud that does not know of the drop-off has no deadline to move yet; the dwell begins when it learns.",
        WAITS,
        Outcome(READY, IN, OPENS, second=CONFLICT),
    ),
    ("drop-off", "re-issue"): _row(
        "A cloud that does not know of the drop-off has told no code yet, so there is none to replace.",
        WAITS,
        Outcome(READY, IN, OPENS, second=CONFLICT),
    ),
    ("drop-off", "expire"): _row(
        "Known: its dwell ends, a courier may come, its code opens until one has. Unknown for eight days: the promise "
        "ended and with it its code, so a courier fetches what is found there.",
        LINGERS,
        Outcome(EXPIRED, IN, "revoked", case=DROPPED),
    ),
    ("pick-up", "drop-off"): _row(
        "A code that comes before its parcel is no guess: it is told so, and opens once the parcel is there.",
        Outcome(READY, IN, OPENS, first="not_here"),
    ),
    ("pick-up", "pick-up"): _row("A code opens once.", Outcome(GONE, OUT, "spent", second="spent")),
    ("pick-up", "revoke"): _row(
        "What has been picked up cannot be called back; where the cloud did not know, support looks at it.",
        Outcome(GONE, OUT, "spent", second=LATE),
        Outcome(GONE, OUT, "revoked", case=PICKED),
    ),
    ("pick-up", "extend"): _row(
        "There is nothing left to wait for; a deadline moved in ignorance moves nothing.",
        Outcome(GONE, OUT, "spent", second=CONFLICT),
        TAKEN,
    ),
    ("pick-up", "re-issue"): _row(
        "The new code belongs to a group that is spent, so it opens nothing.",
        Outcome(GONE, OUT, "spent", second=CONFLICT),
        TAKEN,
    ),
    ("pick-up", "expire"): _row(
        "A cloud that believes the dwell over sends a courier nobody needs any more; the pick-up calls the round off.",
        Outcome(GONE, OUT, "spent", second=NOTHING),
        Outcome(GONE, OUT, UNKNOWN),
    ),
    ("revoke", "drop-off"): _row(
        "A locker that has heard of it takes nothing in. One that has not takes it, and a courier fetches it again.",
        Outcome(EXPIRED, IN, "revoked", case=DROPPED),
        Outcome(CANCELLED, VAN, "revoked", second="revoked"),
        Outcome(EXPIRED, IN, "revoked", case=DROPPED),
    ),
    ("revoke", "pick-up"): _row(
        "A locker that has heard of it opens to no code. One that has not did open: the fact stands, support looks.",
        Outcome(GONE, OUT, "revoked", case=PICKED),
        Outcome(EXPIRED, IN, "revoked", second="revoked"),
        Outcome(GONE, OUT, "revoked", case=PICKED),
    ),
    ("revoke", "revoke"): _row("A tombstone is put up once, however often it is sent.", RECALLED),
    ("revoke", "extend"): _row("A tombstone is not lifted.", Outcome(EXPIRED, IN, "revoked", second=CONFLICT)),
    ("revoke", "re-issue"): _row("A tombstone is not lifted.", Outcome(EXPIRED, IN, "revoked", second=CONFLICT)),
    ("revoke", "expire"): _row(
        "It waits for a courier already. The tombstone arrives even after weeks, for it never grows old.",
        Outcome(EXPIRED, IN, "revoked", second=NOTHING),
        Outcome(EXPIRED, IN, UNKNOWN, second=NOTHING),
        Outcome(EXPIRED, IN, "revoked", second=NOTHING),
    ),
    ("extend", "drop-off"): _row("There is no deadline before the drop-off.", Outcome(READY, IN, OPENS, CONFLICT)),
    ("extend", "pick-up"): _row("More time does not change what was done in time.", TAKEN),
    ("extend", "revoke"): _row("The tombstone wins over every deadline.", RECALLED),
    ("extend", "extend"): _row("The later deadline wins, in whatever order they arrive.", WAITS),
    ("extend", "re-issue"): _row("They do not touch each other: one moves the time, one the code.", WAITS),
    ("extend", "expire"): _row(
        "Two days later the moved deadline still stands; after a week's grace a silent locker's has passed too.",
        Outcome(READY, IN, OPENS, second=NOTHING),
        LINGERS,
    ),
    ("re-issue", "drop-off"): _row("There is no code before the drop-off.", Outcome(READY, IN, OPENS, CONFLICT)),
    ("re-issue", "pick-up"): _row(
        "The new code opens where it has arrived, the old one and the QR elsewhere; using one spends the group.", TAKEN
    ),
    ("re-issue", "revoke"): _row("The tombstone is about the group: the new code is dead too.", RECALLED),
    ("re-issue", "extend"): _row("They do not touch each other.", WAITS),
    ("re-issue", "re-issue"): _row("The newest code is told and opens; the group is one.", WAITS),
    ("re-issue", "expire"): _row(
        "Until the compartment is empty the recipient is honoured, by the newest code, which may arrive weeks late.",
        LINGERS,
    ),
    ("expire", "drop-off"): _row(
        "The promise and its grant ended by the same clock; the parcel stays with the courier.",
        Outcome(FAILED, VAN, "revoked", second="unknown_label"),
        Outcome(FAILED, VAN, UNKNOWN, second="unknown_label"),
    ),
    ("expire", "pick-up"): _row("A recipient who comes late is served until a courier was quicker.", TAKEN),
    ("expire", "revoke"): _row("It waits for a courier either way; now no code opens it either.", RECALLED),
    ("expire", "extend"): _row("It waits for its recipient again and the courier's round is called off.", WAITS),
    ("expire", "re-issue"): _row("The recipient is honoured until the compartment is empty.", LINGERS),
    ("expire", "expire"): _row("A dwell ends once.", Outcome(EXPIRED, IN, OPENS, second=NOTHING)),
}

HEAD = """# What holds when both sides were offline

Written by `python -m tests.simulation.offline_rules`; `tests/simulation/test_matrix.py` plays every cell with the
locker's real decisions and the cloud's real services and compares this page.

Each row is two things that happen to one parcel, in this order. The weather says whose news travels in between:
*locker first* carries the locker's journal at once and holds the cloud's words back, *cloud first* the other way round,
*both offline* nothing. Then the two meet. A cell says how the cloud calls it then, who holds the parcel, what the
newest code does (or is told), and, where it is not "done", what the acts were answered. Where an act makes no sense
(a pick-up before the drop-off) the answer says so: nobody's wish is lost in silence.

The five rules: facts win and are never rewritten; a revocation is a tombstone; a new code stays in its group and using
one spends the group; a deadline only ever moves later; picked up after a revocation is a case for support.

"""

TAIL = """
## A card that was put back, and a card that was lost

What a locker knows stands on its card. If a copy of the card from an hour ago is put back, the locker believes what was
so an hour ago, and nothing on the card can tell it otherwise: a counter kept there is copied along with the rest. Until
it hears from the cloud it therefore opens for codes that were burnt meanwhile; behind their doors nothing is left, or
what was put in since. **This cannot be prevented on the card alone.** It would take a counter the card's holder cannot
wind back, such as a TPM's, and the reference locker has none. What bounds it: whoever does it has the machine open in
front of them already; the forger needs a code, for the card holds none; the first acknowledgement of the cloud shows
that the journal is of before, and from then on nothing is handed out on that memory (codes issued anew open, staff look
at the rest), the cloud raises an alarm and never mixes the two journals; what was opened meanwhile is journalled.

After a lost card the locker knows no parcel at all. As soon as the cloud tells it that it has had a life before, its
page says that it is being set up again; no code is a miss there, and those typed before are forgiven. A locker with an
empty card that has not heard from the cloud yet cannot be told from a new one: it says the same sentence and counts
nothing, for where no right is known there is none to guess. Once a courier's phone has brought one, guesses count.

When a locker's journal says that it lost its memory (a new card, a damaged one, a copy of before), **the cloud sends it
everything that holds there again**, once for each loss: drop-offs, the newest pick-up of every parcel with the deadline
in force, collections, tombstones (of what was revoked within 28 days, and of spent rights of parcels that have one
there), the configuration. None of these opens a box: what the locker did after its last word to the cloud is gone with
the card, so what lies in a compartment **nobody can know without looking**. It takes part again when staff have looked:

| staff say | then |
|---|---|
| it is empty | parcels may go in; what should have lain there is a case, `parcel_missing` |
| this parcel lies in it | it is on the locker's books again, there; its code, its QR and a courier's pass open it |
| nothing yet | its recipient reads that the locker is being set up again, and nothing is counted against them |

The word counts only where the memory is of before, and only for a parcel that this locker answers for, so that a cloud
in the wrong hands cannot say of a compartment in service what lies in it. A door opened from afar says nothing by
itself. A code issued anew after the loss opens behind a remembered parcel without staff: a person asked for it, knowing
of it.
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "\n".join(_table()) + "\n" + TAIL


def _table() -> Iterator[str]:
    yield "| first | then | " + " | ".join(WEATHERS) + " | because |"
    yield "|---" * (len(WEATHERS) + 3) + "|"
    for first in ACTS:
        for second in ACTS:
            why, outcomes = MATRIX[first, second]
            cells = " | ".join(_told(outcome) for outcome in outcomes)
            yield f"| {first} | {second} | {cells} | {why} |"


def _told(outcome: Outcome) -> str:
    answers = [
        f"{which}: {said}" for which, said in (("first", outcome.first), ("then", outcome.second)) if said != DONE
    ]
    case = [f"**case: {outcome.case}**"] if outcome.case else []
    return "; ".join([f"{outcome.state}, {outcome.holder}", f"code: {outcome.then}", *answers, *case])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
