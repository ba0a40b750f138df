"""What an application recorded between two times, in one point a series."""

from __future__ import annotations

import json
from typing import ClassVar, Generic, Protocol, TypeVar

from .attributes import NO_ATTRIBUTES, Attributes, Identity, checked_name, encode_identity, identity_of
from .histogram import ExponentialHistogram
from .request import Item

DROPPED = "weir.client.dropped"
_OVERFLOW = identity_of({"otel.metric.overflow": True})


class TooManyNames(Exception):
    """There is no room for another metric, not even for its series of overflow."""


class Series(Protocol):
    """The calls with one name, unit and attributes."""

    kind: ClassVar[str]

    def metadata(self) -> str:
        """Fields of the Metric, as JSON with a comma at its end."""

    def encode(self) -> str:
        """The value of the data point, as fields of JSON."""


class _Number:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def metadata(self) -> str:
        return ""

    def encode(self) -> str:
        return _number(self.value)


class Sum(_Number):
    """The total of a counter. Whole numbers of any size stay exact."""

    __slots__ = ()
    kind: ClassVar[str] = '"sum":{"aggregationTemporality":1,"isMonotonic":true,'


class Gauge(_Number):
    """The last value."""

    __slots__ = ()
    kind: ClassVar[str] = '"gauge":{'


class Timing(ExponentialHistogram):
    __slots__ = ()
    kind: ClassVar[str] = '"exponentialHistogram":{"aggregationTemporality":1,'

    def metadata(self) -> str:
        return ""


class Members:
    """A set, which Weir takes for one. Another receiver of OTLP sees a gauge of the number of its members."""

    __slots__ = ("members", "size")
    kind: ClassVar[str] = '"gauge":{'

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.size = 0

    def add(self, member: str) -> None:
        """`member` is a new one."""
        self.members.add(member)
        self.size += len(member)

    def metadata(self) -> str:
        values = ",".join(f'{{"stringValue":{json.dumps(member)}}}' for member in sorted(self.members))
        return f'"metadata":[{{"key":"weir.set.members","value":{{"arrayValue":{{"values":[{values}]}}}}}}],'

    def encode(self) -> str:
        return _number(len(self.members))


S = TypeVar("S", bound=Series)


class Table(Generic[S]):
    """Series of one kind."""

    def __init__(self, make: type[S], max_series: int) -> None:
        self._make: type[S] = make
        self._max_series = max_series
        # Name, unit and attributes.
        self.series: dict[tuple[str, str, Identity], S] = {}
        # The same series, by what they were called with. Only texts are here: 1 and True would find each other.
        self._aliases: dict[tuple[object, ...], S] = {}

    def get(self, name: str, attributes: Attributes | None, unit: str = "") -> S:
        """The series, which is made if it is new. Raises ValueError for a name, unit or key that is none, and TooManyNames."""
        alias = (name, unit, *attributes.items()) if attributes else (name, unit)
        try:
            found = self._aliases.get(alias)
        except TypeError:  # A list, say, is no key.
            found = None
        if found is not None:
            return found
        identity = identity_of(attributes) if attributes else NO_ATTRIBUTES
        if not isinstance(unit, str):
            raise ValueError(f"the unit {unit!r} is not a text")
        key = (checked_name(name), unit, identity)
        series = self.series.get(key)
        if series is None:
            if len(self.series) >= self._max_series and name != DROPPED:
                return self._overflow(name, unit)
            series = self.series[key] = self._make()
        # Orders of the same attributes are few, as a rule.
        is_text = attributes is None or all(type(value) is str for value in attributes.values())
        if is_text and len(self._aliases) < 2 * len(self.series):
            self._aliases[alias] = series
        return series

    def _overflow(self, name: str, unit: str) -> S:
        """One series a metric takes all that found no room, so that totals stay."""
        key = (name, unit, _OVERFLOW)
        series = self.series.get(key)
        if series is None:
            if len(self.series) >= 2 * self._max_series:
                raise TooManyNames(f"there is no room for more than {2 * self._max_series} series")
            series = self.series[key] = self._make()
        return series

    def items(self, times: str) -> list[Item]:
        made = []
        for (name, unit, identity), series in sorted(self.series.items(), key=lambda entry: entry[0][:2]):
            unit_field = f'"unit":{json.dumps(unit)},' if unit else ""
            head = f'{{"name":{json.dumps(name)},{unit_field}{series.metadata()}{series.kind}'
            made.append(Item(head, f'{{"attributes":{encode_identity(identity)},{times},{series.encode()}}}'))
        return made


class Interval:
    """`start_ns` and `end_ns` are Unix times in nanoseconds. A closed interval is not changed any more."""

    def __init__(self, start_ns: int, end_ns: int, generation: int, max_series: int) -> None:
        self.start_ns = start_ns
        self.end_ns = end_ns
        # The number of flushes before its first item.
        self.generation = generation
        self.sums = Table(Sum, max_series)
        self.gauges = Table(Gauge, max_series)
        self.timings = Table(Timing, max_series)
        self.sets = Table(Members, max_series)
        self.member_bytes = 0

    @property
    def is_empty(self) -> bool:
        return self.count == 0

    @property
    def count(self) -> int:
        tables = (self.sums.series, self.gauges.series, self.timings.series, self.sets.series)
        return sum(len(series) for series in tables)

    def items(self) -> list[Item]:
        times = f'"startTimeUnixNano":"{self.start_ns}","timeUnixNano":"{self.end_ns}"'
        numbers = [*self.sums.items(times), *self.gauges.items(times)]
        return [*numbers, *self.timings.items(times), *self.sets.items(times)]


def _number(value: float) -> str:
    if isinstance(value, int) and abs(value) < 2**63:
        return f'"asInt":"{int(value)}"'
    return f'"asDouble":{float(value)!r}'
