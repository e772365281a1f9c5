"""Planted bugs: each breaks one promise of the product by substitution at a seam; the product's files stay untouched.

A checker that cannot fail is worthless. ``mutants.py`` runs worlds with one bug each and shows who catches it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import msgspec

from cloud.services.projection import Projection
from cloud.services.record_events import Recorded
from contract.envelope import Envelope
from contract.events import ReleaseIntended, chain, genesis_hash
from edge.locker_controller.state import Lockout
from edge.store.chain import Mark
from firmware_sim.world.maintaining import VISIT_H


def _module(name: str) -> Any:
    """Return a module as something whose every name may be replaced."""
    return import_module(name)


ingest, promise = _module("cloud.downlink.ingest"), _module("cloud.services.promise")
arrivals, choose, dropoff, controller, decide, lockout, messages, pickup, reconcile, release, remote = (
    _module(f"edge.locker_controller.{name}")
    for name in (
        *("arrivals", "choose", "dropoff", "controller", "decide", "lockout"),
        *("messages", "pickup", "reconcile", "release", "remote"),
    )
)
statements, store = _module("edge.store.statements"), _module("edge.store.store")
inbox, outbox = _module("edge.uplink.inbox"), _module("edge.uplink.outbox")
record_state, office = _module("cloud.services.record_state"), _module("firmware_sim.world.office")

Patch = tuple[Any, str, Any]
Make = Callable[[], Sequence[Patch]]


@dataclass(frozen=True, slots=True)
class Bug:
    """One planted bug: ``patches`` are (where, name, what stands there instead); ``seed`` is tried first.

    ``visit_h`` is how many locker-hours lie between two orders to open many doors.
    """

    name: str
    patches: Make
    seed: int = 1
    visit_h: float = VISIT_H


# ---------------------------------------------------------------------- the loop and the store


def _effects_first() -> Sequence[Patch]:
    async def do(self: Any, work: Any) -> None:
        moment = controller.Moment(self._time.now(), controller.MessageId(self._world.fresh(16)))
        decision = self._decide(work.what, moment)
        for effect in decision.effects:
            self._perform(effect)
        await asyncio.sleep(0.01 if decision.effects else 0)
        drafts = [self._draft(event, moment.now, decision.cause) for event in decision.events]
        try:
            kept = controller.changes(self._state, decision.state)
            await self._store.save(kept, drafts, controller.KeptTime(*self._time.kept()))
        except controller.StoreError as error:
            self._lost_store(error)
            self._put_off(work)
            return
        self._state = decision.state
        if drafts:
            self.observer.journal_grew()
        controller._finish(work)

    return [(controller.Controller, "_do", do)]


def _failure_ignored() -> Sequence[Patch]:
    real = store.Store.save

    async def save(self: Any, *what: Any) -> None:
        try:
            await real(self, *what)
        except store.opening.StoreError:
            return

    return [(store.Store, "save", save)]


def _intent_not_stored() -> Sequence[Patch]:
    real = store.Store.save

    async def save(self: Any, changes: Any, drafts: Any, time: Any = None) -> None:
        await real(self, changes, [one for one in drafts if not isinstance(one.event, ReleaseIntended)], time)

    return [(store.Store, "save", save)]


def _head_before_commit() -> Sequence[Patch]:
    real = store.Store.save

    async def save(self: Any, changes: Any, drafts: Any, time: Any = None) -> None:
        try:
            await real(self, changes, drafts, time)
        except store.opening.StoreError:
            rows = store._numbered(self._head, drafts)
            self._head = Mark(rows[-1].sequence, rows[-1].head) if rows else self._head
            raise

    return [(store.Store, "save", save)]


def _sequence_reused() -> Sequence[Patch]:
    real = store.Store.__init__

    def init(self: Any, *what: Any) -> None:
        real(self, *what)
        self._head = self._acknowledged

    return [(store.Store, "__init__", init), (statements, "append", statements.replace)]


def _chain_broken() -> Sequence[Patch]:
    return [(store, "link", lambda _head, entry: hashlib.sha256(entry).digest())]


def _forgets(kind: str) -> Make:
    real = controller.changes

    def patches() -> Sequence[Patch]:
        return [(controller, "changes", lambda old, new: tuple(one for one in real(old, new) if one.kind != kind))]

    return patches


# ---------------------------------------------------------------------- what the locker decides


def _signature_unchecked() -> Sequence[Patch]:
    def verify(raw: bytes, _keys: Any) -> Envelope:
        try:
            return msgspec.msgpack.decode(raw, type=Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise arrivals.EnvelopeRejectedError(arrivals.Rejection.MALFORMED) from error

    return [(arrivals, "verify", verify)]


def _any_addressee() -> Sequence[Patch]:
    real = arrivals.read_wire
    real_receive = messages.receive

    def read_wire(payload: bytes, keys: Any, locker: Any) -> Any:
        found = real(payload, keys, locker)
        if isinstance(found, arrivals.NotBelieved) and found.reason == arrivals.RefusalReason.WRONG_LOCKER:
            return arrivals.decode_downward(arrivals.verify(payload, keys).body)
        return found

    def receive(draft: Any, message: Any) -> None:
        real_receive(draft, msgspec.structs.replace(message, aud=draft.state.setup.locker))

    return [(inbox, "read_wire", read_wire), (decide.messages, "receive", receive)]


def _expired_obeyed() -> Sequence[Patch]:
    def expired(draft: Any, message: Any) -> None:
        messages._remember(draft, message.id, message.expires_at + 86_400)
        messages._obey(draft, message)

    return [(messages, "_expired", expired)]


def _objections_but(*ignored: str) -> Make:
    real = remote._objection

    def patches() -> Sequence[Patch]:
        def objection(state: Any, command: Any, now_s: int) -> Any:
            found = real(state, command, now_s)
            return None if found is not None and found.value in ignored else found

        return [(remote, "_objection", objection)]

    return patches


def _expiry_ignored() -> Sequence[Patch]:
    """Ignore both walls: the time in the message, and the time the machine has been running."""
    return [*_objections_but("expired")(), *_expired_obeyed()]


def _dedup_dropped() -> Sequence[Patch]:
    return [*_objections_but("counter_too_low", "too_soon", "expired")(), (messages, "_repeated", messages._obey)]


def _replays_obeyed() -> Sequence[Patch]:
    return [
        *_objections_but("counter_too_low", "wrong_boot", "too_soon", "expired")(),
        *_expired_obeyed(),
        (messages, "_repeated", messages._obey),
    ]


def _burnt_at_entry() -> Sequence[Patch]:
    real = pickup.begin

    def begin(draft: Any, label: Any, aim: Any) -> None:
        real(draft, label, pickup.burn(draft, label, aim))

    return [(pickup, "begin", begin)]


def _never_burnt() -> Sequence[Patch]:
    return [(pickup, "burn", lambda _draft, _label, aim: msgspec.structs.replace(aim, burnt=True))]


def _wrong_compartment() -> Sequence[Patch]:
    real = pickup.holding

    def holding(state: Any, parcel: Any) -> Any:
        label = real(state, parcel)
        others = [one for one, record in state.compartments.items() if record.parcel and one != label]
        return others[0] if label is not None and others else label

    return [(pickup, "holding", holding)]


def _not_booked_out() -> Sequence[Patch]:
    real = pickup.finish

    def finish(draft: Any, task: Any, aim: Any) -> None:
        before = draft.state.compartments
        real(draft, task, aim)
        draft.put(compartments=before)

    return [(pickup, "finish", finish)]


def _revocation_ignored() -> Sequence[Patch]:
    return [(messages, "_revoke", lambda draft, command: draft.journal(messages.CommandDone(command.id)))]


def _occupied_chosen() -> Sequence[Patch]:
    def first(state: Any, aim: Any) -> Any:
        plans = state.setup.layout.compartments
        fitting = [one.label for one in plans if one.size.rank >= aim.rank_min and one.label not in aim.tried]
        return fitting[0] if fitting else None

    return [(dropoff, "choose", first)]


def _occupied_chosen_again() -> Sequence[Patch]:
    """Ask everything of a compartment but whether a parcel lies in it."""
    real = choose.takes_parcels

    def takes_parcels(state: Any, label: Any) -> bool:
        record = msgspec.structs.replace(state.compartments[label], parcel=None)
        bare = msgspec.structs.replace(state, compartments={**state.compartments, label: record})
        return bool(real(bare, label))

    return [(choose, "takes_parcels", takes_parcels)]


def _pulses_after_restart() -> Sequence[Patch]:
    return [(reconcile, "_unknown", release._pulse)]


def _no_lockout() -> Sequence[Patch]:
    def after_miss(known: Lockout, ms: int) -> Lockout:
        return Lockout(known.misses + 1, known.day_misses + 1, lockout.DAY_S * 1000, 0, ms)

    return [(lockout, "after_miss", after_miss)]


# ---------------------------------------------------------------------- the wire


def _puback_trusted() -> Sequence[Patch]:
    real = outbox.Outbox._send_next

    async def send_next(self: Any) -> bool:
        batch = await self._store.outbox(outbox.ENTRIES_PER_BATCH_MAX, outbox.BATCH_BYTES_MAX)
        sent: bool = await real(self)
        if sent and batch is not None:
            await self._store.acknowledge(Mark(batch.last_sequence, chain(batch.previous_hash, batch.entries)))
            self._answer.set()
        return sent

    return [(outbox.Outbox, "_send_next", send_next)]


def _never_sent_again() -> Sequence[Patch]:
    return [(outbox, "RESEND_FIRST_S", 1e6), (outbox, "RESEND_MAX_S", 1e6)]


# ---------------------------------------------------------------------- the cloud


def _answered_before_commit() -> Sequence[Patch]:
    real, heads, calls = ingest.record_events, dict[str, tuple[int, bytes]](), [0]

    def record_events(uow: Any, act: Any, batches: Any) -> list[Recorded]:
        calls[0] += 1
        answers: list[Recorded] = []
        if calls[0] % 9:
            answers.extend(real(uow, act, batches))
            return answers
        for batch in batches:
            heads[batch.locker] = (0, genesis_hash(batch.locker))
            last = batch.first_sequence + len(batch.entries) - 1
            answers.append(Recorded(batch.locker, last, chain(batch.previous_hash, batch.entries), len(batch.entries)))
        return answers

    return [(ingest, "record_events", record_events)]


def _reservation_never_ends() -> Sequence[Patch]:
    return [(Projection, "end_reservation", lambda *_what, **_more: None)]


def _capacity_twice() -> Sequence[Patch]:
    def left_at(uow: Any, lockers: Any) -> Any:
        free = uow.reads.free_by_size(lockers)
        return {one: promise.left_by_size(free.get(one, {}), []) for one in lockers}

    return [(promise, "left_at", left_at)]


def _custody_stays() -> Sequence[Patch]:
    real = Projection.change_parcel

    def change_parcel(self: Any, seen: Any, parcel: Any, happened: str, *more: Any) -> None:
        known = self.parcels.get(parcel.id)
        kept = parcel if known is None or happened != "picked_up" else _with_custodian(parcel, known.custodian)
        real(self, seen, kept, happened, *more)

    return [(Projection, "change_parcel", change_parcel)]


def _with_custodian(parcel: Any, custodian: str) -> Any:
    return replace(parcel, custodian=custodian)


def _silence_accepted() -> Sequence[Patch]:
    return [(office, "resend_unconfirmed", lambda _uow, _act: 0)]


def _commands_not_repeated() -> Sequence[Patch]:
    resend_all = (record_state, "resend_all", lambda _uow, _act, _locker: 0)
    return [(office, "resend_unconfirmed", lambda _uow, _act: 0), resend_all]


BUGS = (
    Bug("effects before the commit", _effects_first),
    Bug("intent not stored", _intent_not_stored),
    Bug("a failed commit counts", _failure_ignored),
    Bug("head moved by a failed commit", _head_before_commit),
    Bug("sequence reused after restart", _sequence_reused),
    Bug("hash chain broken", _chain_broken),
    Bug("lockout kept in memory", _forgets("lockout")),
    Bug("burnt codes kept in memory", _forgets("group")),
    Bug("compartments kept in memory", _forgets("compartment")),
    Bug("no lockout", _no_lockout),
    Bug("signature not checked", _signature_unchecked, seed=5),
    Bug("addressee ignored", _any_addressee, seed=2),
    Bug("expiry ignored", _expiry_ignored, seed=10),
    Bug("boot nonce ignored", _objections_but("wrong_boot")),
    Bug("dedup and counter dropped", _dedup_dropped, seed=39),
    Bug("dedup, counter and expiry dropped", _replays_obeyed),
    Bug("code burnt at entry", _burnt_at_entry),
    Bug("code never burnt", _never_burnt),
    Bug("code opens another compartment", _wrong_compartment),
    Bug("parcel not booked out", _not_booked_out),
    Bug("revocation ignored", _revocation_ignored),
    Bug("occupied compartment chosen", _occupied_chosen_again, seed=4),
    Bug("first compartment chosen, full or not", _occupied_chosen),
    Bug("pulses again after a restart", _pulses_after_restart),
    Bug("PUBACK taken for an acknowledgement", _puback_trusted),
    Bug("events never sent again", _never_sent_again),
    Bug("acknowledged before the commit", _answered_before_commit),
    Bug("reservation never ends", _reservation_never_ends),
    Bug("capacity promised twice", _capacity_twice),
    Bug("custody stays at a pick-up", _custody_stays),
    Bug("commands never sent again while the locker is there", _silence_accepted),
    Bug("commands never sent again", _commands_not_repeated),
)
