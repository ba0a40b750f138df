"""Sends counts, gauges, timings, sets and events to Weir, each of them once."""

from .attributes import Attributes
from .client import Client, Closed, create_client
from .diagnostics import Diagnostic
from .events import Sampling

__all__ = ["Attributes", "Client", "Closed", "Diagnostic", "Sampling", "create_client"]
