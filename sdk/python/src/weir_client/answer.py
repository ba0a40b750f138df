"""What the answer to a request means for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Literal

# A header that asks for more is not believed.
_MOST_RETRY_AFTER_S = 300.0
_AGAIN = frozenset({408, 429})


@dataclass(frozen=True)
class Answer:
    """`status` 0 is no answer, or one that was cut off."""

    status: int
    message: str
    retry_after: str | None = None
    location: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`taken`: all items but `rejected`; `too_large`: for halves; `refused`: for good; `outage`, `redirect`: later."""

    kind: Literal["taken", "too_large", "refused", "outage", "redirect"]
    message: str = ""
    rejected: int = 0
    # The least time until it is sent again, seconds.
    after: float = 0.0
    # With `outage`: whether the server may have taken it.
    maybe_taken: bool = False


def judge(answer: Answer, rejected_key: str) -> Verdict:
    status, message = answer.status, answer.message
    if 200 <= status < 300:
        # It comes from something that is there in place of a receiver.
        if message.lstrip().startswith("<"):
            return Verdict("redirect", f"answered {status} with a page: set the endpoint to where Weir listens")
        return _partial_success(message, rejected_key)
    if status == 413:
        return Verdict("too_large", message)
    if 300 <= status < 400:
        where = f"to {answer.location}" if answer.location else "elsewhere"
        return Verdict("redirect", f"redirects {where}: set the endpoint to where Weir listens")
    if 400 <= status < 500 and status not in _AGAIN:
        return Verdict("refused", f"answered {status}: {_text_of(message)}")
    seen = f"answered {status}: {_text_of(message)}" if status else message
    maybe_taken = status not in (429, 503)
    return Verdict("outage", seen, after=_seconds(answer.retry_after), maybe_taken=maybe_taken)


def _partial_success(body: str, rejected_key: str) -> Verdict:
    try:
        partial = json.loads(body).get("partialSuccess") or {}
        return Verdict("taken", str(partial.get("errorMessage", "")), int(partial.get(rejected_key, 0)))
    except (ValueError, TypeError, AttributeError):  # No body, or one of another form: a 2xx all the same.
        return Verdict("taken")


def _text_of(body: str) -> str:
    """The message of a google.rpc.Status, or the beginning of anything else."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return body[:200]


def _seconds(header: str | None) -> float:
    """Retry-After has seconds or a date."""
    if header is None:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
        except (ValueError, TypeError):
            return 0.0
        if date.tzinfo is None:
            date = date.replace(tzinfo=timezone.utc)
        seconds = (date - datetime.now(timezone.utc)).total_seconds()
    return min(max(seconds, 0.0), _MOST_RETRY_AFTER_S) if seconds == seconds else 0.0
