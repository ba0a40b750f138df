"""Whatever the server answers, a count is in Weir once."""

import json
import socket
import threading
import time

import pytest
from conftest import assert_stored, seq_of
from weir_client import Closed
from weir_client.answer import Answer, judge

LEFT = "127.0.0.77"

REDIRECTS = [301, 302, 307, 308]
RETRIED = [500, 502, 503, 504, 408, 429, *REDIRECTS, "cut", "reset"]


@pytest.mark.parametrize("step", RETRIED)
def test_sent_again(make, told, rough, prefix, step):
    name = f"{prefix}_{step}"
    client = make(rough.url)
    rough.script = [step, step]
    client.count(name, 3)
    client.event(f"{name}_event")
    assert client.flush()
    assert_stored(name, {f"{name}_total": 3, f"{name}_event_total": 1})
    kind = "redirect" if step in REDIRECTS else "outage"
    assert {each.code for each in told} == {kind}
    assert rough.seqs() and set(rough.seqs()) == {1}
    assert len(set(body for path, body in zip(rough.paths, rough.bodies) if path == "/v1/metrics")) == 1


def test_a_redirect_is_named(make, told, rough):
    client = make(rough.url)
    rough.script = [(308, {"location": "https://elsewhere.example/v1/metrics"})]
    client.count("redirected")
    assert client.flush()
    assert "redirects to https://elsewhere.example/v1/metrics: set the endpoint" in told[0].message


def test_a_page_is_no_answer(make, told, rough, prefix):
    client = make(rough.url)
    rough.script = ["page"]
    client.count(prefix)
    assert client.flush()
    assert_stored(prefix, {f"{prefix}_total": 1})
    assert [each.code for each in told] == ["redirect"]
    assert "answered 200 with a page: set the endpoint" in told[0].message


@pytest.mark.parametrize("header", ["seconds", "date"])
def test_retry_after(make, rough, prefix, header):
    client = make(rough.url)
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
    rough.script = [(503, {"retry-after": "2" if header == "seconds" else date})]
    client.count(prefix)
    begun = time.monotonic()
    assert client.flush()
    # A date has whole seconds.
    assert time.monotonic() - begun > (2 if header == "seconds" else 0.9)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 415, 422])
def test_refused_for_good(make, told, rough, prefix, status):
    name = f"{prefix}_{status}"
    client = make(rough.url)
    rough.script = [status]
    client.count(name, 3)
    assert client.flush()
    assert [(each.code, each.items) for each in told] == [("refused", 1)]
    assert f"{rough.url}/v1/metrics answered {status}: told to fail" in told[0].message
    client.count(name)
    assert client.flush()
    assert_stored(name, {f"{name}_total": 1})
    assert client.close() == Closed(unsent=0, refused=1, dropped=0)


def test_too_large_requests_are_halved(make, told, rough, prefix):
    client = make(rough.url)
    rough.max_bytes = 3000
    for i in range(100):
        client.count(prefix, 1, {"i": str(i)})
        client.event(f"{prefix}_event", {"kind": "any"})
    assert client.flush()
    totals = {f'{prefix}_total{{i="{i}"}}': 1 for i in range(100)}
    assert_stored(prefix, {**totals, f'{prefix}_event_total{{kind="any"}}': 100})
    assert told == []
    taken = sorted(seq_of_small(rough, "/v1/metrics"))
    assert taken == list(range(1, len(taken) + 1)), "the numbers have no gaps"


def test_a_request_that_may_have_been_taken_is_not_halved(make, rough, prefix):
    client = make(rough.url)
    rough.script = ["cut", 413, 413]
    client.count(prefix, 1, {"a": "1"})
    client.count(prefix, 1, {"a": "2"})
    assert client.flush()
    assert_stored(prefix, {f'{prefix}_total{{a="{a}"}}': 1 for a in (1, 2)})
    assert rough.seqs() == [1, 1, 1, 1]


def test_one_item_that_is_too_large_is_dropped(make, told, rough, prefix):
    client = make(rough.url)
    rough.max_bytes = 2000
    client.count(prefix, 1, {"long": "x" * 3000})
    client.count(prefix, 1, {"short": "x"})
    assert client.flush()
    assert_stored(prefix, {f'{prefix}_total{{short="x"}}': 1})
    assert [(each.code, each.items) for each in told] == [("too_large", 1)]
    assert client.close() == Closed(unsent=0, refused=1, dropped=0)


def test_rejected_points_are_told(make, told, prefix):
    client = make()
    client.count(prefix, 1, {"long": "x" * 10_000})
    client.count(prefix)
    assert client.flush()
    assert_stored(prefix, {f"{prefix}_total": 1})
    assert [(each.code, each.items) for each in told] == [("rejected", 1)]
    assert "longer than max_value_length" in told[0].message
    assert client.close() == Closed(unsent=0, refused=1, dropped=0)


def test_away_for_a_while(make, told, rough, prefix):
    # An address of its own: no other program takes the port meanwhile.
    with socket.create_server((LEFT, 0)) as left:
        port = left.getsockname()[1]
    client = make(f"http://{LEFT}:{port}", interval=0.5)
    for _ in range(30):
        client.count(prefix)
        client.event(f"{prefix}_event")
        time.sleep(0.05)
    forward = Forward(port, rough.server_port)
    try:
        assert client.flush(20)
        assert_stored(prefix, {f"{prefix}_total": 30, f"{prefix}_event_total": 30})
        assert {each.code for each in told} == {"outage"}
    finally:
        forward.close()


def test_a_flush_does_not_wait_for_the_back_off(make, rough, prefix):
    client = make(rough.url, interval=0.1)
    rough.script = [500] * 12
    client.count(prefix)
    while len(rough.bodies) < 5:
        time.sleep(0.05)
    rough.script = []
    begun = time.monotonic()
    assert client.flush()
    assert time.monotonic() - begun < 0.5
    assert_stored(prefix, {f"{prefix}_total": 1})


def test_close_tells_what_is_left(make, prefix):
    client = make("http://127.0.0.1:1")
    client.count(prefix, 5)
    client.gauge(f"{prefix}_gauge", 5)
    client.event(f"{prefix}_event")
    begun = time.monotonic()
    closed = client.close(0.5)
    assert 0.4 < time.monotonic() - begun < 2
    assert closed == Closed(unsent=3, refused=0, dropped=0)


def test_after_close_calls_are_told(make, told, prefix):
    client = make()
    client.count(prefix)
    assert client.close() == client.close()
    client.count(prefix)
    assert "the client is closed" in told[0].message
    assert_stored(prefix, {f"{prefix}_total": 1})


def seq_of_small(rough, path):
    fits = (body for seen, body in zip(rough.paths, rough.bodies) if seen == path and len(body) <= rough.max_bytes)
    return [seq_of(body) for body in fits]


def test_partial_success_without_refused_points_is_a_warning():
    body = json.dumps({"partialSuccess": {"rejectedDataPoints": "0", "errorMessage": "mind the gap"}})
    verdict = judge(Answer(200, body), "rejectedDataPoints")
    assert (verdict.kind, verdict.rejected, verdict.message) == ("taken", 0, "mind the gap")


class Forward:
    """Listens where nobody did, and leads to a server."""

    def __init__(self, port, target):
        self._target = target
        self._socket = socket.create_server((LEFT, port))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self._socket.close()
