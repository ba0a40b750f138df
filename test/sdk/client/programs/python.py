"""The program of the conformance test, see ../conformance.ts, for Python."""

import json
import sys
import time

from weir_client import create_client

STEP_S = 0.01
DEADLINE_S = 30.0
ROUTES = ["/", "/cart", "/pay"]
# Weir refuses a point with it, and takes the others of its request.
TOO_LONG = "x" * 9000

endpoint, seconds = sys.argv[1:]
client = create_client(endpoint, resource={"service.name": "conformance"}, on_diagnostic=lambda _: None)
counts = {}
events = 0


def count(name, n, route):
    client.count(name, n, {"route": route})
    key = f"{name}{{route={json.dumps(route)}}}"
    counts[key] = counts.get(key, 0) + n


until = time.monotonic() + float(seconds)
i = 0
while time.monotonic() < until:
    route = ROUTES[i % len(ROUTES)]
    count("client.requests", 1 + i % 3, route)
    count("client.bytes", i, route)
    if i % 200 == 0:
        client.count("client.refused", 1, {"text": TOO_LONG})
    client.gauge("client.step", i)
    client.timing("client.time", i % 100, {"route": route})
    client.unique("client.users", f"user {i % 20}")
    client.event("client.click", {"route": route, "step": {"of": i}})
    events += 1
    i += 1
    time.sleep(STEP_S)
closed = client.close(DEADLINE_S)
print(json.dumps({"counts": counts, "events": events, "unsent": closed.unsent, "dropped": closed.dropped}))
