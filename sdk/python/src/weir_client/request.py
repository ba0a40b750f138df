"""Requests of OTLP/HTTP in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from .attributes import Identity, encode_identity

# Requests of this size are quick to send again, and few servers or proxies refuse them.
MAX_REQUEST_BYTES = 256 * 1024


class Item(NamedTuple):
    """A point or an event as JSON. Points with the same `head` are those of one metric; an event has none."""

    head: str
    body: str

    @property
    def size(self) -> int:
        return len(self.head) + len(self.body)


@dataclass(frozen=True)
class Signal:
    """The two kinds of requests: their path, their keys in JSON, and the key of the number of refused items."""

    name: str
    path: str
    open: str
    close: str
    rejected: str


METRICS = Signal("metrics", "/v1/metrics", '{"resourceMetrics":[{', '"scopeMetrics":[{"metrics":[', "rejectedDataPoints")
EVENTS = Signal("events", "/v1/logs", '{"resourceLogs":[{', '"scopeLogs":[{"logRecords":[', "rejectedLogRecords")


class Request:
    """Items that are sent together, under one number. Its bytes are the same whenever they are asked for."""

    __slots__ = ("generation", "items", "maybe_taken", "seq", "size", "whole_tries")

    def __init__(self, items: Sequence[Item], seq: int, generation: int) -> None:
        self.items = items
        self.seq = seq
        # The number of flushes before any of its items was recorded.
        self.generation = generation
        self.size = sum(item.size for item in items)
        # Whether the server may have it, though it did not say so.
        self.maybe_taken = False
        # How often it was answered 413 since, and sent as a whole again.
        self.whole_tries = 0

    def encode(self, signal: Signal, resource: Identity, client_id: str, epoch_ms: int) -> bytes:
        own: Identity = (
            ("weir.client.epoch", "intValue", epoch_ms),
            ("weir.client.id", "stringValue", client_id),
            ("weir.client.seq", "intValue", self.seq),
        )
        attributes = encode_identity((*resource, *own))
        body = f'{signal.open}"resource":{{"attributes":{attributes}}},{signal.close}{_join(self.items)}]}}]}}]}}'
        return body.encode()

    def halves(self, second_seq: int) -> tuple[Request, Request]:
        """The first half keeps the number."""
        middle = len(self.items) // 2
        first = Request(self.items[:middle], self.seq, self.generation)
        return first, Request(self.items[middle:], second_seq, self.generation)


def batches(items: Iterable[Item]) -> Iterable[list[Item]]:
    """Items in lists of at most `MAX_REQUEST_BYTES`, or of one item."""
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and size + item.size > MAX_REQUEST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch


def _join(items: Sequence[Item]) -> str:
    parts = []
    for head, group in groupby(items, key=lambda item: item.head):
        bodies = ",".join(item.body for item in group)
        parts.append(f'{head}"dataPoints":[{bodies}]}}}}' if head else bodies)
    return ",".join(parts)
