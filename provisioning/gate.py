"""Shuts revoked lockers out of the broker: their certificates onto the list, and their live sessions to an end.

A revocation list keeps nobody from a session that stands, and mosquitto has no command to end one. But a client id
belongs to one session at a time (MQTT 5.0, 3.1.4): whoever connects with a certificate that bears the locker's name
takes its session over, and the broker ends the other. The issuing authority can make itself such a certificate. It is
good for minutes, its key leaves no process, and it says clean start, so what was queued for the locker is dropped too.
"""

import asyncio
import contextlib
import logging
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from contract.ids import LockerId
from contract.mqtt_settings import TlsFiles
from contract.mqtt_wire import client_context
from provisioning.authority import Authority, key_pem, new_key
from provisioning.device_keys import make_csr
from provisioning.files import PUBLIC, write_atomically
from provisioning.revocation import RevocationList

GOOD_FOR = timedelta(minutes=5)  # one connection, on machines whose clocks agree to a minute or so
ANSWER_S_MAX = 10.0  # a handshake and one packet each way
CONNACK = 0x20

_CONNECT, _CLEAN_START, _KEEPALIVE_S = 0x10, 0x02, 30
_DISCONNECT = b"\xe0\x00"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerGate:
    """The broker at ``host``:``port``, and the list it reads (see ``latchmile-broker``, which watches the file)."""

    authority: Authority
    revoked: RevocationList
    host: str
    port: int

    async def shut_out(self, serials: frozenset[int], lockers: Sequence[str], now: datetime) -> int:
        """Add what is missing on the list and end these lockers' sessions; return how many serials were new."""
        new = await asyncio.to_thread(self._list, serials, now)
        for locker in lockers:
            try:
                await end_session(self.authority, LockerId(locker), (self.host, self.port), now)
            except OSError as error:
                _log.warning("session_not_ended", extra={"locker": locker, "error": repr(error)})
        return new

    def _list(self, serials: frozenset[int], now: datetime) -> int:
        missing = serials - self.revoked.serials()
        for serial in sorted(missing):
            self.revoked.revoke(serial, now)
        return len(missing)


async def end_session(authority: Authority, locker: LockerId, place: tuple[str, int], now: datetime) -> None:
    """Take the session of ``locker`` over and leave; raises ``OSError`` when the broker does not let us."""
    context = await asyncio.to_thread(_context, authority, locker, now)
    async with asyncio.timeout(ANSWER_S_MAX):
        reader, writer = await asyncio.open_connection(*place, ssl=context)
        try:
            writer.write(connect_packet(locker))
            head = await reader.readexactly(1)
            if head[0] != CONNACK:
                raise ConnectionError(f"the broker answered CONNECT with a packet of type {head[0]:#x}")
            writer.write(_DISCONNECT)
            await writer.drain()
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("the broker closed without an answer") from error
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def connect_packet(client_id: str) -> bytes:
    """Return a CONNECT of MQTT 5.0 (3.1) that begins anew and keeps no session: clean start, no properties, no will."""
    name = client_id.encode()
    body = b"\x00\x04MQTT\x05" + bytes((_CLEAN_START, 0, _KEEPALIVE_S, 0)) + len(name).to_bytes(2, "big") + name
    return bytes((_CONNECT, len(body))) + body  # a locker's name has at most 32 characters: one byte of length


def _context(authority: Authority, locker: LockerId, now: datetime) -> ssl.SSLContext:
    key = new_key()
    issued = authority.issue_locker(make_csr(key), locker, now, GOOD_FOR)
    with tempfile.TemporaryDirectory() as folder:  # 0700; the ssl module reads keys from files only
        pair, trust = Path(folder) / "pair.pem", Path(folder) / "root.crt"
        write_atomically(pair, key_pem(key) + issued.chain_pem.encode())
        write_atomically(trust, authority.root_pem.encode(), PUBLIC)
        return client_context(TlsFiles(trust, pair, pair))
