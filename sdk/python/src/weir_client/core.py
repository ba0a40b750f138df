"""The state of a client in one process, and its thread. A forked child begins with a new one."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .answer import judge
from .attributes import Attributes, Identity
from .channel import Channel
from .connection import Connection
from .diagnostics import Code, Diagnostics
from .events import EventBuffer, RateLimit, Sampling, encode_event
from .interval import DROPPED, Interval
from .request import EVENTS, MAX_REQUEST_BYTES, METRICS

Reason = Literal["queue_full", "rate_limit", "too_many_names"]

# Intervals that are complete and not encoded yet. More come only if the thread gets no time.
_MOST_CLOSED = 2
# Events in requests. Others wait in the buffer, which drops the oldest: an event that has a number is not dropped.
_MOST_EVENT_BYTES = 4 * MAX_REQUEST_BYTES
# Members of a set, which is sent as a whole, and of all sets of an interval.
_MOST_SET_BYTES = MAX_REQUEST_BYTES // 2
_MOST_MEMBER_BYTES = 4 * MAX_REQUEST_BYTES


@dataclass(frozen=True)
class Options:
    endpoint: str
    resource: Identity
    headers: Mapping[str, str]
    interval_ns: int
    max_series: int
    max_queue_bytes: int
    max_events_per_second: float | None
    sampling: Mapping[str, Sampling]


class Core:
    """One lock guards everything. It is reentrant, for signal handlers and finalizers of the application count too."""

    def __init__(self, options: Options, diagnostics: Diagnostics) -> None:
        self._options = options
        self._diagnostics = diagnostics
        self._changed = threading.Condition(threading.RLock())
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._connection = Connection(options.endpoint, options.headers)
        self._metrics = Channel(METRICS, options.resource)
        self._events = Channel(EVENTS, options.resource)
        self._buffer = EventBuffer(options.max_queue_bytes)
        rate = options.max_events_per_second
        self._channels = (self._metrics, self._events)
        self._events_due_ns = 0
        self._rate_limit = RateLimit(rate) if rate is not None else None
        # Flushes so far, and the last one that somebody waits for. Items recorded after a flush are of the next generation.
        self._generation = 0
        self._wanted = -1
        self._closed: list[Interval] = []
        self._open = self._new_interval(time.time_ns())
        self.dropped = 0
        self.refused = 0

    def count(self, name: str, n: float, attributes: Attributes | None) -> None:
        with self._changed:
            self._current().sums.get(name, attributes).value += n

    def gauge(self, name: str, value: float, attributes: Attributes | None) -> None:
        with self._changed:
            self._current().gauges.get(name, attributes).value = value

    def timing(self, name: str, value: float, unit: str, attributes: Attributes | None) -> None:
        with self._changed:
            self._current().timings.get(name, attributes, unit).record(float(value))

    def unique(self, name: str, member: str, attributes: Attributes | None) -> int:
        """Returns how many members were dropped, because the queue is full."""
        with self._changed:
            interval = self._current()
            series = interval.sets.get(name, attributes)
            if member in series.members:
                return 0
            size = len(member)
            if series.size + size > _MOST_SET_BYTES or interval.member_bytes + size > _MOST_MEMBER_BYTES:
                # The rest of the interval is one of its own, if there is room for it.
                self._close_interval(time.time_ns())
                if self._open is interval:
                    return self._drop("queue_full", 1)
                interval = self._open
                series = interval.sets.get(name, attributes)
            series.add(member)
            interval.member_bytes += size
            return 0

    def event(self, name: str, attributes: Attributes) -> int:
        """Returns how many events were dropped, because of the rate or because the buffer is full."""
        item = encode_event(name, attributes, self._options.sampling.get(name), time.time_ns())
        with self._changed:
            interval = self._current()
            if item is None:
                return 0
            if self._rate_limit is not None and not self._rate_limit.take():
                return self._drop("rate_limit", 1)
            if len(self._buffer) == 0:
                self._events_due_ns = interval.end_ns
            dropped = self._buffer.add(item, self._generation)
            if self._buffer.fills_request:
                self._changed.notify_all()
            return self._drop("queue_full", dropped) if dropped else 0

    def too_many_names(self) -> None:
        with self._changed:
            self._drop("too_many_names", 1)

    def _drop(self, reason: Reason, n: int) -> int:
        """Counts items that were left out here, and in the metric that tells the server. Returns `n`."""
        self.dropped += n
        self._open.sums.get(DROPPED, {"reason": reason}).value += n
        return n

    def flush(self, deadline: float) -> bool:
        """
        Whether all that was recorded before is taken or refused for good, at `deadline` (`time.monotonic()`) at the
        latest.
        """
        with self._changed:
            generation = self._generation
            self._generation += 1
            if self._open.is_empty:
                self._open.generation = self._generation
            self._wanted = generation
            self._wake()
            self._changed.notify_all()
            while not self._settled(generation):
                left = deadline - time.monotonic()
                if left <= 0 or self._stopped:
                    return False
                self._changed.wait(min(left, threading.TIMEOUT_MAX))
            return True

    def stop(self) -> int:
        """Ends the thread. Returns how many points and events are left."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            points = sum(interval.count for interval in (*self._closed, self._open))
            return points + len(self._buffer) + sum(channel.item_count for channel in self._channels)

    def _wake(self) -> None:
        for channel in self._channels:
            channel.wake()

    def _settled(self, generation: int) -> bool:
        intervals = all(each.is_empty or each.generation > generation for each in (*self._closed, self._open))
        oldest = self._buffer.generation
        events = oldest is None or oldest > generation
        return intervals and events and all(channel.settled(generation) for channel in self._channels)

    def _current(self) -> Interval:
        """The interval of now. Its thread begins with the first item."""
        now_ns = time.time_ns()
        if now_ns >= self._open.end_ns:
            self._close_interval(now_ns)
        if self._stopped:
            raise RuntimeError("the client is closed")
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="weir-client", daemon=True)
            thread.start()
            self._thread = thread
        return self._open

    def _close_interval(self, now_ns: int) -> None:
        """Closes the open interval. One that finds no room goes on: its counts stay, and it ends later."""
        interval = self._open
        if interval.is_empty:
            self._open = self._new_interval(now_ns)
        elif self._has_room():
            interval.end_ns = min(interval.end_ns, max(now_ns, interval.start_ns + 1))
            self._closed.append(interval)
            if self._is_set_back(now_ns):
                self._open = self._new_interval(now_ns)
            else:
                self._open = self._new_interval(max(now_ns, interval.end_ns))
                self._open.start_ns = max(self._open.start_ns, interval.end_ns)
            self._changed.notify_all()
        else:
            interval.end_ns = self._boundary_after(now_ns)

    def _has_room(self) -> bool:
        """Intervals that large sets have ended early are bounded by their bytes, all others by their number."""
        members = sum(interval.member_bytes for interval in self._closed)
        is_few = len(self._closed) < _MOST_CLOSED or self._open.member_bytes >= _MOST_SET_BYTES // 2
        return is_few and self._metrics.size + members < self._options.max_queue_bytes

    def _is_set_back(self, now_ns: int) -> bool:
        """Whether the clock was. An interval would last until it is past its end again."""
        return now_ns < self._open.start_ns - self._options.interval_ns

    def _new_interval(self, now_ns: int) -> Interval:
        end_ns = self._boundary_after(now_ns)
        return Interval(end_ns - self._options.interval_ns, end_ns, self._generation, self._options.max_series)

    def _boundary_after(self, now_ns: int) -> int:
        size = self._options.interval_ns
        return (now_ns // size + 1) * size

    # The thread.

    def _run(self) -> None:
        while True:
            try:
                channel = self._next_channel()
                if channel is None:
                    return self._connection.close()
                self._send(channel)
            except Exception as error:  # A fault of the client must not end its thread.
                self._diagnostics.report("misuse", f"the thread: {type(error).__name__}: {error}")
                time.sleep(1)

    def _next_channel(self) -> Channel | None:
        """Waits until a channel may send its first request, and encodes what is due meanwhile. None at the end."""
        while True:
            with self._changed:
                if self._stopped:
                    return None
                self._close_what_is_due()
                now = time.monotonic()
                waiting = [channel for channel in self._channels if channel.first() is not None]
                ready = min(waiting, key=lambda channel: channel.not_before, default=None)
                if not self._closed:
                    if ready is not None and ready.not_before <= now:
                        return ready
                    self._changed.wait(self._idle_s(ready.not_before - now if ready is not None else None))
                    continue
            self._encode(self._closed[0])

    def _close_what_is_due(self) -> None:
        now_ns = time.time_ns()
        interval = self._open
        is_wanted = interval.generation <= self._wanted and not interval.is_empty
        if now_ns >= interval.end_ns or is_wanted or self._is_set_back(now_ns):
            self._close_interval(now_ns)
        generation = self._buffer.generation
        if generation is None or self._events.size >= _MOST_EVENT_BYTES:
            return
        if generation <= self._wanted or self._buffer.fills_request or now_ns >= self._events_due_ns:
            self._events.add(self._buffer.take(), generation)

    def _idle_s(self, retry_s: float | None) -> float:
        """Until the interval ends, or the next request may be sent."""
        end_s = (self._open.end_ns - time.time_ns()) / 1e9
        end_s = min(max(end_s, 0.0), self._options.interval_ns / 1e9)
        return end_s if retry_s is None else min(end_s, retry_s)

    def _encode(self, interval: Interval) -> None:
        """Thousands of series take some milliseconds, in which the application goes on."""
        items = interval.items()
        with self._changed:
            self._closed.remove(interval)
            self._metrics.add(items, interval.generation)

    def _send(self, channel: Channel) -> None:
        request = channel.first()
        assert request is not None
        answer = self._connection.post(channel.signal.path, channel.encode(request))
        verdict = judge(answer, channel.signal.rejected)
        with self._changed:
            refused = channel.settle(request, verdict)
            self.refused += refused
            if verdict.kind in ("taken", "too_large", "refused"):
                # The server is there, for the other signal too.
                self._wake()
            self._changed.notify_all()
        code: Code = "rejected" if verdict.kind == "taken" else verdict.kind
        if refused > 0 or code in ("outage", "redirect"):
            url = self._options.endpoint + channel.signal.path
            self._diagnostics.report(code, f"{url} {verdict.message}", refused or len(request.items))
