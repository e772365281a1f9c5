"""What was proposed to an operator and not yet said yes to: what is confirmed is what was shown.

Kept in memory: a proposal is about where vans are this minute, and asking again costs seconds.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cloud.domain.errors import NotFoundError
from cloud.services.hand_over import Proposal

LIFE = timedelta(minutes=10)  # after that couriers are elsewhere; a changed route refuses it sooner
KEPT_MAX = 50  # the oldest goes first; nobody weighs fifty vans at once


@dataclass(slots=True)
class Proposals:
    _kept: dict[str, tuple[datetime, Proposal]] = field(default_factory=dict)

    def keep(self, proposal: Proposal, now: datetime) -> datetime:
        """Remember a proposal and return until when it holds."""
        self._kept = {key: one for key, one in self._kept.items() if one[0] > now}
        while len(self._kept) >= KEPT_MAX:
            del self._kept[min(self._kept, key=lambda key: self._kept[key][0])]
        self._kept[proposal.id] = now + LIFE, proposal
        return now + LIFE

    def need(self, courier_id: str, proposal_id: str, now: datetime) -> Proposal:
        """Return a proposal about this courier's van; raises ``NotFoundError`` when it is over."""
        until, proposal = self._kept.get(proposal_id, (now, None))
        if proposal is None or until <= now or proposal.stuck.what.courier_id != courier_id:
            raise NotFoundError("proposal", proposal_id)
        return proposal

    def drop(self, proposal_id: str) -> None:
        self._kept.pop(proposal_id, None)
