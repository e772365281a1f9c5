"""Whether this locker is there: the retained state document, said at birth and left with the broker as the will."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from contract.codec import encode
from contract.envelope import Signer
from contract.ids import BootId
from contract.link import Link, LinkError, Outgoing
from contract.state import LockerState
from contract.topics import Branch, build


@dataclass(slots=True)
class Presence:
    """Signs every document with the device's key, so that a hostile broker cannot invent a boot nonce.

    ``state`` gives the document as of now; this adds the session, which counts connections within a boot.
    """

    signer: Signer
    state: Callable[[], LockerState]
    session: int = 0
    _answered: int = 0

    def will(self) -> Outgoing:
        """Return what the broker says for us when we are gone; asked for before every connection."""
        self.session += 1
        return self._document(online=False)

    async def birth(self, link: Link) -> None:
        """Say that we are here; overrules the will of any earlier session."""
        await link.publish(self._document(online=True))

    @property
    def is_answered(self) -> bool:
        """Whether the cloud has said that it heard of this session."""
        return self._answered == self.session

    def answered(self, boot: BootId, session: int) -> None:
        """Take the cloud's word that it heard a birth; one of another boot is an old word."""
        if boot == self.state().boot:
            self._answered = max(self._answered, session)

    async def renew(self, link: Link) -> None:
        """Say it again because something in it changed; without a link the next birth says it."""
        try:
            await link.publish(self._document(online=True))
        except LinkError:
            return

    def _document(self, *, online: bool) -> Outgoing:
        state = msgspec.structs.replace(self.state(), online=online, session=self.session)
        return Outgoing(build(state.locker, Branch.STATE), self.signer.sign(encode(state)), retain=True)
