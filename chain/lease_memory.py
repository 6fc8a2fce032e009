"""A lease in memory with a fence, for the stores in memory: one writer at a time, writes of an earlier one are refused."""

from __future__ import annotations

from collections.abc import Callable

from chain.errors import LeaseLost


class MemoryLease:
    """Who may write until when. The fence grows with each new holder. Times in seconds by `now`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lease: tuple[str, int, float] | None = None

    def acquire(self, owner: str, seconds: float) -> int | None:
        """The holder's fence, its lease prolonged; None while another owner's lease runs."""
        now = self._now()
        holder, fence, until = self._lease or (owner, 1, now)
        if holder != owner:
            if until > now:
                return None
            fence += 1
        self._lease = (owner, fence, now + seconds)
        return fence

    def check(self, fence: int) -> None:
        """Raises LeaseLost when this fence is not the present holder's."""
        if self._lease is None or self._lease[1] != fence:
            raise LeaseLost
