"""Opens the socket under paho without ever blocking the loop: paho's own connect waits for TCP and TLS in place."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from contract.mqtt_settings import TlsFiles

READ_AHEAD_BYTES = 64 * 1024  # above the 16 KiB of a TLS record, so that nothing stays hidden inside OpenSSL
NO_CHECK_TIME = ssl.VerifyFlags(0x20_0000)  # X509_V_FLAGNO_CHECK_TIME (openssl/x509_vfy.h), nameless in Python


class Wire:
    """A connected, non-blocking socket that reads ahead.

    paho reads a packet's head byte by byte. Reading ahead saves those system calls, and it makes visible what has been
    received and not yet processed, which a TLS socket hides from the loop's selector.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Take over ``sock``; closing the wire closes it."""
        self._sock = sock
        self._ahead = b""
        self._at = 0
        self.problem = ""  # what ended it, in the system's words; paho only says "unspecified error"

    @property
    def ahead(self) -> int:
        """Bytes received and not yet handed out."""
        return len(self._ahead) - self._at

    @property
    def has_no_delay(self) -> bool:
        """Whether Nagle's algorithm is off on the real socket."""
        return bool(self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def recv(self, buffer_size: int) -> bytes:
        """Return up to ``buffer_size`` bytes; raises ``BlockingIOError`` or ``SSLWantReadError`` if none are here."""
        if not self.ahead:
            self._ahead, self._at = self._receive(), 0
        chunk = self._ahead[self._at : self._at + buffer_size]
        self._at += len(chunk)
        return chunk

    def send(self, buffer: bytes | bytearray) -> int:
        return self._sock.send(buffer)

    def close(self) -> None:
        self._sock.close()

    def _receive(self) -> bytes:
        try:
            received = self._sock.recv(READ_AHEAD_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            raise
        except OSError as error:
            self.problem = str(error)
            raise
        if not received:
            self.problem = "closed by the other end"
        return received

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the shape of socket.socket, which paho calls
        self._sock.setblocking(flag)


async def open_wire(host: str, port: int, tls: TlsFiles | None, sure_s: Callable[[], int] | None = None) -> Wire:
    """Connect to the first address of ``host`` that answers and shake hands; raises ``OSError``.

    ``sure_s`` is for machines whose clock may be wrong by years: see ``client_context``.
    """
    loop = asyncio.get_running_loop()
    context = client_context(tls, clock_is_doubtful=sure_s is not None) if tls else None
    problem: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            line = await _prepare(sock, address, host, context)
        except OSError as error:
            sock.close()
            problem = error
            continue
        except BaseException:
            sock.close()  # cancelled half-way: nobody else knows this socket
            raise
        if sure_s is None or not isinstance(line, ssl.SSLSocket) or not has_expired(line, sure_s()):
            return Wire(line)
        line.close()
        problem = ssl.SSLCertVerificationError("the broker's certificate had expired before a moment that has passed")
    raise problem


def has_expired(line: ssl.SSLSocket, sure_s: int) -> bool:
    """Say whether the other end's certificate ended before ``sure_s``, a Unix second that has surely passed."""
    shown = line.getpeercert() or {}
    return ssl.cert_time_to_seconds(str(shown["notAfter"])) < sure_s


def client_context(tls: TlsFiles, *, clock_is_doubtful: bool = False) -> ssl.SSLContext:
    """Trust only the network's own authority and show our certificate; raises ``OSError`` for unusable files.

    With a doubtful clock OpenSSL is told not to look at it, or a Pi that wakes up in 1970 could never connect and so
    never learn the time. Whoever connects then judges the certificate's end by what it surely knows (``has_expired``).
    Nothing else is given up: the chain must still lead to our own authority, and commands carry their own signatures.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if clock_is_doubtful:
        context.verify_flags |= NO_CHECK_TIME
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(tls.ca)
    context.load_cert_chain(tls.certificate, tls.key)
    return context


async def _prepare(
    sock: socket.socket, address: tuple[object, ...], host: str, context: ssl.SSLContext | None
) -> socket.socket:
    sock.settimeout(0)
    # Nagle's algorithm waits for the peer's delayed ACK: 44 ms for every command, measured.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await asyncio.get_running_loop().sock_connect(sock, address)
    if context is None:
        return sock
    secured = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    try:
        await _shake_hands(secured)
    except BaseException:
        secured.close()  # wrapping moved the descriptor out of ``sock``
        raise
    return secured


async def _shake_hands(secured: ssl.SSLSocket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            return secured.do_handshake()
        except ssl.SSLWantReadError:
            await _ready(secured.fileno(), loop.add_reader, loop.remove_reader)
        except ssl.SSLWantWriteError:
            await _ready(secured.fileno(), loop.add_writer, loop.remove_writer)


async def _ready(fileno: int, add: Callable[..., None], remove: Callable[[int], object]) -> None:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settle() -> None:
        if not ready.done():
            ready.set_result(None)

    add(fileno, settle)
    try:
        await ready
    finally:
        remove(fileno)
