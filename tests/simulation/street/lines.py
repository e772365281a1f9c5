"""What goes wrong in the street, line by line as the design lists it; every line has at least one scenario.

The last one is no trouble of its own but what trouble may ask for (trust.md: opening in bulk).
"""

LINES = (
    "Locker full on arrival",
    "Parcel too big for what was promised",
    "Door does not pop",
    "Pulsed but not opened",
    "Opened but the acknowledgement was lost",
    "Duplicate command",
    "Command an hour late",
    "Cut sensor cable",
    "Door left open",
    "Occupied free compartment",
    "Parcel in the wrong compartment",
    "Empty compartment for the recipient",
    "Marked collected but not taken",
    "Bystander grabs it when a door pops",
    "Code not received",
    "Code expired while the recipient stands there",
    "Locker down while the dwell clock runs",
    "Whole station open and empty",
    "Power loss mid-pulse",
    "Screen frozen while doors work",
    "Two boards with one address",
    "One dead board",
    "Unknown status from a carrier",
    "Clock wrong by a year",
    "Stolen SD card",
    "Static master codes",
    "Many doors to be opened",
)
