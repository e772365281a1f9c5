"""What a link needs to know whoever carries it, so that a locker over mosquitto and one in memory are set up alike."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from contract.link import SESSION_EXPIRY_S, Link, Outgoing

TAKEOVERS_MAX = 3  # one is a restart that overlapped, two a bad minute, three a second machine with our identity
TAKEOVER_WINDOW_S = 60.0
SUBSCRIPTIONS_MAX = 16  # a locker has three, a cloud worker four; one SUBSCRIBE packet carries them all
WORDS_KEPT = 64  # only the last one the broker took can come back; the others cover what was still on its way
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
    ``identity_topic`` is a retained topic on which only this client speaks, with different words in every process (a
    locker's state): foreign words there tell that another machine has our identity. ``messages`` does not show it.
    """

    client_id: str
    subscriptions: tuple[tuple[str, int], ...] = ()
    will: Will | None = None
    birth: Birth | None = None
    identity_topic: str | None = None
    keepalive_s: int = 30  # a dead locker shows after 45 s; 10,000 idle lockers cost the broker 333 pings a second
    session_expiry_s: int = SESSION_EXPIRY_S
    reconnect: Reconnect = field(default_factory=Reconnect)

    def __post_init__(self) -> None:
        if not self.client_id:
            raise LinkSettingsError("a persistent session needs a client id")
        if self.keepalive_s < 1:
            raise LinkSettingsError("without a keep-alive a dead wire looks alive; give at least 1 s")
        if len(self.subscriptions) > SUBSCRIPTIONS_MAX:
            raise LinkSettingsError(f"{len(self.subscriptions)} subscriptions; at most {SUBSCRIPTIONS_MAX}")
        if any(not 0 <= qos <= QOS_MAX for _, qos in self.subscriptions):
            raise LinkSettingsError(f"subscribe with QoS 0 or {QOS_MAX}")


@dataclass(slots=True)
class TakeoverGuard:
    """Counts how often somebody else took our session, to stop before two clients fight for ever."""

    _seen_s: deque[float] = field(default_factory=lambda: deque(maxlen=TAKEOVERS_MAX))

    def saw_one(self, now_s: float) -> None:
        """Note a takeover at monotonic ``now_s``."""
        self._seen_s.append(now_s)

    def is_enough(self, now_s: float) -> bool:
        """Whether ``TAKEOVERS_MAX`` fell into the last ``TAKEOVER_WINDOW_S``."""
        return len(self._seen_s) == TAKEOVERS_MAX and now_s - self._seen_s[0] <= TAKEOVER_WINDOW_S


@dataclass(slots=True)
class IdentityWatch:
    """Tells from one retained topic, on which only we speak, whether somebody else speaks as us.

    Once the broker took a message of ours there, it can keep nothing but our words and our wills. A restarted broker
    keeps them too, so this does not mistake a restart for a rival.
    """

    topic: str | None
    _said: deque[bytes] = field(default_factory=lambda: deque(maxlen=WORDS_KEPT))
    _was_heard: bool = False

    def is_ours(self, topic: str) -> bool:
        return self.topic is not None and topic == self.topic

    def say(self, message: Outgoing | None) -> None:
        """Remember ``message`` before it goes out."""
        if message is not None and self.is_ours(message.topic):
            self._said.append(message.payload)

    def heard(self, message: Outgoing) -> None:
        """Learn that the broker took ``message``; until then an earlier life of ours may still be kept there."""
        self._was_heard |= self.is_ours(message.topic)

    def is_foreign(self, payload: bytes) -> bool:
        """Whether a retained ``payload`` cannot be ours."""
        return self._was_heard and bool(payload) and payload not in self._said
