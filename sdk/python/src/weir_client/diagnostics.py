"""What the client has to tell. It never raises into the application."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

# A mistake in a loop, or a server that is away, would fill the log.
_QUIET_S = 60.0

_log = logging.getLogger("weir_client")

Code = Literal["outage", "redirect", "refused", "too_large", "rejected", "dropped", "misuse"]


@dataclass(frozen=True)
class Diagnostic:
    """
    Something that an operator should know. `items`: points, events or calls that it is about.

    `outage`, `redirect`: requests wait and are sent again. `refused`, `too_large`, `rejected`, `dropped`: items are lost.
    `misuse`: a call that could not be recorded.
    """

    code: Code
    message: str
    items: int


class Diagnostics:
    """Leads to the application's function, or to the log."""

    def __init__(self, tell: Callable[[Diagnostic], None] | None) -> None:
        self._tell = tell if tell is not None else _Warnings().warn

    def report(self, code: Code, message: str, items: int = 1) -> None:
        try:
            self._tell(Diagnostic(code, message, items))
        except Exception:  # The application's own trouble must not become the caller's.
            _log.exception("on_diagnostic failed")


class _Warnings:
    """Each kind of diagnostic in the log, once a minute."""

    def __init__(self) -> None:
        self._quiet_until: dict[str, float] = {}

    def warn(self, diagnostic: Diagnostic) -> None:
        now = time.monotonic()
        if now >= self._quiet_until.get(diagnostic.code, 0.0):
            self._quiet_until[diagnostic.code] = now + _QUIET_S
            _log.warning("%s, %d items: %s", diagnostic.code, diagnostic.items, diagnostic.message)
