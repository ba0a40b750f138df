"""Events that wait to be sent."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

from .attributes import Attributes, checked_name, encode_attributes
from .request import MAX_REQUEST_BYTES, Item


@dataclass(frozen=True)
class Sampling:
    """
    The share of events that is sent, above 0. Each counts as 1 / `probability`. Events with the same value of
    `attribute` are sent or left out together.
    """

    probability: float
    attribute: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.probability <= 1:
            raise ValueError(f"the probability {self.probability!r} is not above 0 and at most 1")

    def keeps(self, attributes: Attributes, uid: str) -> bool:
        value = attributes.get(self.attribute) if self.attribute is not None else None
        return _hash(uid if value is None else _text(value)) < self.probability * 2**32


class _Waiting(NamedTuple):
    item: Item
    generation: int


class EventBuffer:
    """The newest events, within a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: Item, generation: int) -> int:
        """Returns how many events were dropped: the oldest to make room, or this one if it has none."""
        if item.size > self._max_bytes:
            # It would drive out all others.
            return 1
        self._waiting.append(_Waiting(item, generation))
        self._bytes += item.size
        dropped = 0
        while self._bytes > self._max_bytes:
            self._pop()
            dropped += 1
        return dropped

    @property
    def generation(self) -> int | None:
        """That of the oldest."""
        return self._waiting[0].generation if self._waiting else None

    @property
    def fills_request(self) -> bool:
        return self._bytes >= MAX_REQUEST_BYTES

    def take(self) -> list[Item]:
        """The oldest events, as many as a request has."""
        taken = [self._pop()]
        size = taken[0].size
        while self._waiting and (size := size + self._waiting[0].item.size) <= MAX_REQUEST_BYTES:
            taken.append(self._pop())
        return taken

    def _pop(self) -> Item:
        item = self._waiting.popleft().item
        self._bytes -= item.size
        return item


class RateLimit:
    """A bucket of tokens that holds those of one second."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._tokens = self._most
        self._at = time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def encode_event(name: str, attributes: Attributes, sampling: Sampling | None, now_ns: int) -> Item | None:
    """
    A LogRecord with an id of its own, or None if it is left out by `sampling`. Raises ValueError for a name or key that
    is none.
    """
    event_name = json.dumps(checked_name(name))
    uid = str(uuid4())
    own: dict[str, object] = {**attributes, "log.record.uid": uid}
    if sampling is not None and sampling.probability < 1:
        if not sampling.keeps(attributes, uid):
            return None
        own["event.value"] = 1 / sampling.probability
    body = f'{{"timeUnixNano":"{now_ns}","eventName":{event_name},"attributes":{encode_attributes(own)}}}'
    return Item("", body)


def _text(value: object) -> str:
    """As JavaScript writes it, so that clients in both languages keep the same events."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _hash(text: str) -> int:
    """From 0 up to 2^32. The upper bits, which decide, depend on all of the text, in units of UTF-16."""
    h = 0
    units = text.encode("utf-16-le", "surrogatepass")
    for low, high in zip(units[::2], units[1::2]):
        h = ((h ^ (low | high << 8)) * 0x9E3779B1) & 0xFFFFFFFF
    return h
