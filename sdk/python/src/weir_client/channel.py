"""The requests of one signal: their numbers, their order and their retries."""

from __future__ import annotations

import random
import secrets
import time
from collections import deque
from collections.abc import Iterable

from .answer import Verdict
from .attributes import Identity
from .request import Item, Request, Signal, batches

# Full jitter: a wait is anything between 0 and the bound, which doubles with each failure in a row.
_FIRST_BOUND_S = 0.5
_LAST_BOUND_S = 30.0
_MOST_DOUBLINGS = 10
# A request that may have been taken is sent as a whole this often after 413: its second half would have a new number.
_WHOLE_TRIES = 3


class Channel:
    """It has a client id of its own, so that its numbers have no gaps. The client's lock guards it."""

    def __init__(self, signal: Signal, resource: Identity) -> None:
        self.signal = signal
        self.size = 0
        # `time.monotonic()` before which nothing is sent: by the server's word, and by the failures in a row.
        self._retry_after = 0.0
        self._backed_off = 0.0
        self._resource = resource
        self._client_id = f"{secrets.token_hex(16)}-{signal.name[0]}"
        self._epoch_ms = time.time_ns() // 1_000_000
        self._seq = 0
        self._failures = 0
        self._waiting: deque[Request] = deque()

    def add(self, items: Iterable[Item], generation: int) -> None:
        for batch in batches(items):
            self._append(Request(batch, self._next_seq(), generation))

    @property
    def not_before(self) -> float:
        return max(self._retry_after, self._backed_off)

    def wake(self) -> None:
        """The next attempt waits only if the server said so."""
        self._failures = 0
        self._backed_off = 0.0

    def first(self) -> Request | None:
        return self._waiting[0] if self._waiting else None

    def encode(self, request: Request) -> bytes:
        return request.encode(self.signal, self._resource, self._client_id, self._epoch_ms)

    def settle(self, request: Request, verdict: Verdict) -> int:
        """The end of an attempt to send the first request. Returns how many of its items were refused for good."""
        self._waiting.popleft()
        self.size -= request.size
        is_whole = request.maybe_taken and request.whole_tries < _WHOLE_TRIES
        if verdict.kind in ("outage", "redirect") or (verdict.kind == "too_large" and is_whole):
            request.maybe_taken = request.maybe_taken or verdict.maybe_taken
            request.whole_tries += verdict.kind == "too_large"
            # The next one goes first: it may be this request that fails.
            self._append(request)
            self._back_off(verdict.after)
            return 0
        if verdict.kind == "too_large" and len(request.items) > 1:
            for half in reversed(request.halves(self._next_seq())):
                self._waiting.appendleft(half)
                self.size += half.size
            return 0
        return verdict.rejected if verdict.kind == "taken" else len(request.items)

    def settled(self, generation: int) -> bool:
        """Whether no request waits that has items from before that flush."""
        return all(request.generation > generation for request in self._waiting)

    @property
    def item_count(self) -> int:
        return sum(len(request.items) for request in self._waiting)

    def _append(self, request: Request) -> None:
        self._waiting.append(request)
        self.size += request.size

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _back_off(self, after: float) -> None:
        now = time.monotonic()
        bound = min(_FIRST_BOUND_S * 2 ** min(self._failures, _MOST_DOUBLINGS), _LAST_BOUND_S)
        self._failures += 1
        self._backed_off = now + random.uniform(0, bound)
        self._retry_after = now + after
