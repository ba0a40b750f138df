"""A running Weir, named by WEIR_ENDPOINT (OTLP/HTTP) and WEIR_COUNTS (its `prometheus` exporter), and a rough way to it."""

import json
import os
import re
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import weir_client

ENDPOINT = os.environ["WEIR_ENDPOINT"]
COUNTS = os.environ["WEIR_COUNTS"]
DEADLINE_S = 10.0


def stored(name):
    """Totals in Weir of the metrics that begin so: `name{a="b"}` → value."""
    with urllib.request.urlopen(COUNTS) as answer:
        lines = answer.read().decode().splitlines()
    found = {}
    for line in lines:
        if not line.startswith(name) or "_bucket{" in line:
            continue
        series, value = line.rsplit(" ", 1)
        found[re.sub(r'(?<=[{,])(job|service_name)="[^"]*",?', "", series).replace(",}", "}").replace("{}", "")] = float(value)
    return found


def assert_stored(name, want):
    """Waits until Weir has these totals."""
    end = time.monotonic() + DEADLINE_S
    while stored(name) != want and time.monotonic() < end:
        time.sleep(0.1)
    assert stored(name) == want


class RoughServer(ThreadingHTTPServer):
    """
    Takes an instruction for each request off `script`, and passes requests on once there is none: a status, or a status
    and headers; `cut`: passes it on and breaks off the reply; `reset`: closes without an answer; `page`: 200 with
    HTML.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = []
        self.bodies = []
        self.paths = []
        self.headers = []
        self.max_bytes = None
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def seqs(self, path="/v1/metrics"):
        return [seq_of(body) for seen, body in zip(self.paths, self.bodies) if seen == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.paths.append(self.path)
        self.server.bodies.append(body)
        self.server.headers.append(self.headers)
        step = self.server.script.pop(0) if self.server.script else "pass"
        if step == "reset":
            self.close_connection = True
            return
        if step == "page":
            return self._answer(200, b"\n<!doctype html><title>Shop</title>", {})
        if isinstance(step, (int, tuple)):
            status, headers = step if isinstance(step, tuple) else (step, {})
            return self._answer(status, b'{"message":"told to fail"}', headers)
        if self.server.max_bytes is not None and len(body) > self.server.max_bytes:
            return self._answer(413, b"too large", {})
        self._pass_on(body, step)

    def _pass_on(self, body, step):
        request = urllib.request.Request(ENDPOINT + self.path, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            reply = answer.read()
            status = answer.status
        if step != "cut":
            return self._answer(status, reply, {})
        self.send_response(status)
        self.send_header("content-length", str(len(reply) + 100))
        self.end_headers()
        self.wfile.write(reply[:1])
        self.close_connection = True

    def _answer(self, status, reply, headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


def seq_of(body):
    request = json.loads(body)
    (part,) = request.get("resourceMetrics") or request["resourceLogs"]
    attributes = {each["key"]: each["value"] for each in part["resource"]["attributes"]}
    return int(attributes["weir.client.seq"]["intValue"])


@pytest.fixture
def rough():
    server = RoughServer()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def prefix(request):
    """Begins the names of a test's metrics, for all tests share one Weir."""
    # No such name is the beginning of another.
    return request.node.originalname.removeprefix("test_") + "_x"


@pytest.fixture
def told():
    """The diagnostics of `make`."""
    return []


@pytest.fixture
def make(told):
    """Makes clients, which are closed when the test has ended."""
    clients = []

    def create(endpoint=ENDPOINT, **options):
        client = weir_client.create_client(endpoint, on_diagnostic=told.append, **options)
        clients.append(client)
        return client

    yield create
    for client in clients:
        client.close(1)
