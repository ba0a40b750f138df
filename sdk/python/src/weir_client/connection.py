"""A connection to the endpoint. It follows no redirects."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from .answer import Answer

_TIMEOUT_S = 10.0
# Answers are short. The rest of a longer one is of no use.
_MOST_ANSWER_BYTES = 65_536


class Connection:
    """Kept open between requests. It belongs to one thread."""

    def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
        """Raises ValueError for an endpoint that is no URL of HTTP or has credentials, and for a header that cannot be sent."""
        url = urlsplit(endpoint)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"the endpoint {endpoint!r} is not http://HOST:PORT or https://HOST:PORT")
        if "@" in url.netloc:
            raise ValueError("the endpoint has credentials, which messages would show: give them as a header")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self._http = kind(url.hostname, url.port, timeout=_TIMEOUT_S)
        self._path = url.path.rstrip("/")
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"the header {name!r} has characters other than those of ASCII in one line")
        self._headers = {**headers, "content-type": "application/json"}

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, content: bytes) -> Answer:
        """Never raises for what the network or the server does."""
        try:
            self._http.request("POST", self._path + path, content, self._headers)
            response = self._http.getresponse()
            body = response.read(_MOST_ANSWER_BYTES)
            if response.length and len(body) < _MOST_ANSWER_BYTES:
                raise http.client.IncompleteRead(body, response.length)
            if response.will_close or not response.isclosed():
                self._http.close()
            text = body.decode("utf-8", "replace")
            return Answer(response.status, text, response.getheader("retry-after"), response.getheader("location"))
        except (OSError, http.client.HTTPException, UnicodeError) as error:  # The last by names of hosts.
            self._http.close()
            return Answer(0, f"gave no answer: {type(error).__name__}: {error}")
