"""The API. No function of a client raises into the application, and none but `flush` and `close` waits."""

from __future__ import annotations

import atexit
import math
import os
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .attributes import Attributes, identity_of
from .core import Core, Options
from .diagnostics import Diagnostic, Diagnostics
from .events import Sampling
from .interval import TooManyNames

# Weir's windows of 10 s are made of whole intervals.
_WINDOW_S = 10
# A process must not hang at its end because of figures about it.
_EXIT_DEADLINE_S = 5.0
_MOST_COUNT = 2**63


@dataclass(frozen=True)
class Closed:
    """
    The end of a client, in points and events. `unsent`: not taken by the deadline; `refused`: by the server, alone or
    with their request; `dropped`: left out because of a limit, members of sets too.
    """

    unsent: int
    refused: int
    dropped: int


class Client:
    """Made by `create_client`. Its functions may be called by any thread, signal handler or forked child."""

    def __init__(self, options: Options, tell: Callable[[Diagnostic], None] | None) -> None:
        self._options = options
        self._tell = tell
        self._closed = False
        self._begin()
        _clients.add(self)
        atexit.register(self._close_at_exit)

    def _begin(self) -> None:
        """In a forked child everything is new: locks may be held by threads that are not there."""
        self._diagnostics = Diagnostics(self._tell)
        self._core = Core(self._options, self._diagnostics)
        if self._closed:
            self._core.stop()

    def count(self, name: str, n: float = 1, attributes: Attributes | None = None) -> None:
        """Adds `n`, at least 0, to a counter."""
        try:
            if not 0 <= n < _MOST_COUNT:
                raise ValueError(f"the amount {n!r} is not a number from 0 to 2^63; a counter only grows")
            self._core.count(name, _number(n), attributes)
        except Exception as error:
            self._failed("count", name, error)

    def gauge(self, name: str, value: float, attributes: Attributes | None = None) -> None:
        """Sets a gauge. The last value of an interval is sent."""
        try:
            if not math.isfinite(value):
                raise ValueError(f"the value {value!r} is not finite")
            self._core.gauge(name, _number(value), attributes)
        except Exception as error:
            self._failed("gauge", name, error)

    def timing(self, name: str, value: float, attributes: Attributes | None = None, unit: str = "ms") -> None:
        """Adds a duration to a histogram."""
        try:
            if not 0 <= value < math.inf:
                raise ValueError(f"the duration {value!r} is not a number of at least 0")
            self._core.timing(name, value, unit, attributes)
        except Exception as error:
            self._failed("timing", name, error)

    def unique(self, name: str, member: object, attributes: Attributes | None = None) -> None:
        """Adds a member to a set, such as the id of a user: Weir counts how many different ones there are."""
        try:
            self._tell_dropped("unique", name, self._core.unique(name, str(member), attributes))
        except Exception as error:
            self._failed("unique", name, error)

    def event(self, name: str, attributes: Attributes | None = None) -> None:
        """Records an event, which is sent by itself. Attributes may be lists and mappings."""
        try:
            self._tell_dropped("event", name, self._core.event(name, attributes or {}))
        except Exception as error:
            self._failed("event", name, error)

    def flush(self, timeout: float = 10.0) -> bool:
        """
        Sends what was recorded before. Returns True once the server has taken it or refused it for good, and False after
        `timeout` seconds.
        """
        return self._core.flush(time.monotonic() + timeout)

    def close(self, deadline: float = 5.0) -> Closed:
        """Sends everything, and gives up after `deadline` seconds. Nothing can be recorded any more."""
        atexit.unregister(self._close_at_exit)
        self._closed = True
        core = self._core
        core.flush(time.monotonic() + deadline)
        return Closed(core.stop(), core.refused, core.dropped)

    def _close_at_exit(self) -> None:
        self.close(_EXIT_DEADLINE_S)

    def _tell_dropped(self, what: str, name: str, dropped: int) -> None:
        if dropped > 0:
            self._diagnostics.report("dropped", f"{what} {name!r}: there is a limit, see `weir.client.dropped`", dropped)

    def _failed(self, what: str, called: object, error: Exception) -> None:
        # Another object may not be able to show itself.
        name = called if isinstance(called, str) else type(called)
        if isinstance(error, TooManyNames):
            self._core.too_many_names()
            self._diagnostics.report("dropped", f"{what} {name!r}: {error}")
        else:
            self._diagnostics.report("misuse", f"{what} {name!r} was left out: {error}")


def _number(value: float) -> float:
    """One that others can be added to. Raises TypeError if it is none."""
    return value if isinstance(value, (int, float)) else float(value)


def create_client(
    endpoint: str = "http://127.0.0.1:4318",
    *,
    resource: Attributes | None = None,
    headers: Mapping[str, str] | None = None,
    interval: float = 2.0,
    max_series: int = 10_000,
    max_queue_bytes: int = 16 * 1024 * 1024,
    max_events_per_second: float | None = None,
    sampling: Mapping[str, Sampling] | None = None,
    on_diagnostic: Callable[[Diagnostic], None] | None = None,
) -> Client:
    """
    A client that sends to Weir's `otlp` receiver, and flushes at the end of the process.

    `resource` is attributes of all that is sent, such as `service.name`; `headers` those of every request. `interval` is in
    seconds and divides 10. `max_series` is a limit of counters, and as many gauges, timings and sets, at a time.
    `max_queue_bytes` is one of requests that wait; as many may events have that are not in a request yet. `sampling` is by
    the name of the event. `on_diagnostic` is called with everything that an operator should know; by default it is a
    warning in the log `weir_client`, of each kind once a minute.

    Raises ValueError for an option that is wrong, when the application starts. Nothing else raises.
    """
    if interval <= 0 or not (_WINDOW_S / interval).is_integer():
        raise ValueError(f"the interval {interval!r} is not 10 s divided by a whole number, such as 1, 2 or 5")
    options = Options(
        endpoint.rstrip("/"),
        identity_of(resource or {}),
        dict(headers or {}),
        round(interval * 1e9),
        max_series,
        max_queue_bytes,
        max_events_per_second,
        dict(sampling or {}),
    )
    return Client(options, on_diagnostic)


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _begin_anew() -> None:
    for client in list(_clients):
        client._begin()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_begin_anew)
