"""Exponential histograms. With base 2^(2^-scale) their buckets are those of a DDSketch."""

from __future__ import annotations

import math

# The middle of a bucket is at most 0.54 % off.
_SCALE = 6
# Enough for a greatest value of 2^32 times the least at that scale. Beyond it the scale gets coarser.
_MOST_BUCKETS = 2048


class ExponentialHistogram:
    """Observations that are not negative, of one series and interval."""

    __slots__ = ("_buckets", "_most", "count", "max", "min", "offset", "scale", "sum", "zero_count")

    def __init__(self) -> None:
        self.scale = _SCALE
        self.count = 0
        self.sum = 0.0
        self.min = math.inf
        self.max = -math.inf
        self.zero_count = 0
        # Index → count; bucket i has values above base^i, up to base^(i + 1).
        self._buckets: dict[int, int] = {}
        self.offset = 0
        self._most = -1

    def record(self, value: float) -> None:
        """`value` is finite and at least 0."""
        self.count += 1
        self.sum += value
        if value < self.min:
            self.min = value
        if value > self.max:
            self.max = value
        if value == 0:
            self.zero_count += 1
            return
        # math.ldexp would be slower, and the logarithm of a power of two is exact.
        index = math.ceil(math.log2(value) * 2.0**self.scale) - 1
        self._buckets[index] = self._buckets.get(index, 0) + 1
        if self.offset <= index <= self._most:
            return
        if self._most < self.offset:
            self.offset = self._most = index
        self.offset = min(self.offset, index)
        self._most = max(self._most, index)
        while self._most - self.offset >= _MOST_BUCKETS:
            self._coarsen()

    def bucket_counts(self) -> list[int]:
        """Those of the buckets from `offset` on."""
        return [self._buckets.get(index, 0) for index in range(self.offset, self._most + 1)]

    def encode(self) -> str:
        """The fields of an ExponentialHistogramDataPoint without its times and attributes, as JSON."""
        counts = ",".join(f'"{count}"' for count in self.bucket_counts())
        # JSON has no infinity: such a sum is not known.
        total = f'"sum":{self.sum!r},' if math.isfinite(self.sum) else ""
        return (
            f'"count":"{self.count}",{total}"min":{self.min!r},"max":{self.max!r},"scale":{self.scale},'
            f'"zeroCount":"{self.zero_count}","positive":{{"offset":{self.offset},"bucketCounts":[{counts}]}}'
        )

    def _coarsen(self) -> None:
        """Joins each bucket with its neighbour. This is exact, for their bounds are bounds of the coarser scale too."""
        joined: dict[int, int] = {}
        for index, count in self._buckets.items():
            joined[index >> 1] = joined.get(index >> 1, 0) + count
        self._buckets = joined
        self.offset >>= 1
        self._most >>= 1
        self.scale -= 1
