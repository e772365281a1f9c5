"""Whether this machine's clock can be believed, and what time it surely is if not: for whoever judges certificates.

A Pi without a battery behind its clock wakes up in 1970, or wherever a broken clock chip says.
"""

import ctypes

BUILT_AT_S = 1_767_225_600  # 2026-01-01: no clock that says less is right; moved with every release

_ADJTIMEX_ERROR = 5  # TIME_ERROR of adjtimex(2): the kernel's clock is not synchronised
_TIMEX_BYTES = 512  # struct timex is 208 bytes on 64-bit kernels and less on 32-bit ones; room to spare


def clock_synchronised() -> bool:
    """Whether the wall clock follows a time source, whichever daemon steers it (timesyncd, chrony, ntpd).

    Asks adjtimex(2) without changing anything (modes = 0). The kernel forgets its synchronisation by itself some nine
    hours after the last correction (its error bound grows by 500 ppm up to 16 s), which a flag file would not. A kernel
    that will not say counts as not synchronised.
    """
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return followed(int(answer))


def followed(answer: int) -> bool:
    """Read adjtimex(2)'s answer: 0 to 4 are clocks that are steered (leap seconds included), -1 is a refusal."""
    return 0 <= answer < _ADJTIMEX_ERROR
