"""What a link needs to know whoever carries it, so that a locker over mosquitto and one in memory are set up alike."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from contract.link import SESSION_EXPIRY_S, Link, Outgoing

TAKEOVERS_MAX = 3  # one is a restart that overlapped, two a bad minute, three a second machine with our identity
TAKEOVER_WINDOW_S = 60.0
SUBSCRIPTIONS_MAX = 16  # a locker has three, a cloud worker four; one SUBSCRIBE packet carries them all
QOS_MAX = 1  # exactly-once is done by sequence and dedup above the wire, so QoS 2 buys nothing

Birth = Callable[[Link], Awaitable[None]]
Will = Callable[[], Outgoing]


class LinkSettingsError(ValueError):
    """Settings that no link could honour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """Full jitter: each wait is drawn evenly between ``min_s`` and a ceiling that doubles up to ``max_s``.

    The first ceiling spreads a fleet that lost its broker at one moment; see "Exponential Backoff And Jitter", AWS
    Architecture Blog, 2015, for why the whole interval is drawn and not a part of it.
    """

    min_s: float = 1.0
    first_s: float = 8.0  # with 900 mTLS handshakes a second and core, a small network is back within the first round
    max_s: float = 120.0
    stable_s: float = 30.0  # a connection that lasted this long starts the next loss afresh

    def delay_s(self, failures: int, chance: Callable[[], float]) -> float:
        """Return how long to wait after ``failures`` (>= 1) attempts in a row; ``chance`` draws from [0, 1)."""
        doublings = min(max(failures, 1) - 1, 16)  # by then every ceiling is above max_s; no number need grow further
        ceiling_s = min(self.max_s, self.first_s * float(1 << doublings))
        return self.min_s + chance() * max(0.0, ceiling_s - self.min_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """One end of a link.

    ``will`` is asked before every connection, so it can name the session it belongs to. ``birth`` runs after every
    connect and subscribe, before the status becomes ``CONNECTED``, and may publish on the link it is handed.
    """

    client_id: str
    subscriptions: tuple[tuple[str, int], ...] = ()
    will: Will | None = None
    birth: Birth | None = None
    keepalive_s: int = 30  # a dead locker shows after 45 s; 10,000 idle lockers cost the broker 333 pings a second
    session_expiry_s: int = SESSION_EXPIRY_S
    reconnect: Reconnect = field(default_factory=Reconnect)

    def __post_init__(self) -> None:
        if not self.client_id:
            raise LinkSettingsError("a persistent session needs a client id")
        if len(self.subscriptions) > SUBSCRIPTIONS_MAX:
            raise LinkSettingsError(f"{len(self.subscriptions)} subscriptions; at most {SUBSCRIPTIONS_MAX}")
        if any(not 0 <= qos <= QOS_MAX for _, qos in self.subscriptions):
            raise LinkSettingsError(f"subscribe with QoS 0 or {QOS_MAX}")


@dataclass(slots=True)
class TakeoverGuard:
    """Counts how often somebody else took our session, to stop before two clients fight for ever."""

    _seen_s: deque[float] = field(default_factory=lambda: deque(maxlen=TAKEOVERS_MAX))

    def saw_one(self, now_s: float) -> bool:
        """Note a takeover at monotonic ``now_s``; true once ``TAKEOVERS_MAX`` fell into ``TAKEOVER_WINDOW_S``."""
        self._seen_s.append(now_s)
        return len(self._seen_s) == TAKEOVERS_MAX and now_s - self._seen_s[0] <= TAKEOVER_WINDOW_S
