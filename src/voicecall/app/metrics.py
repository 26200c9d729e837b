"""What `/metrics` tells: calls, speech detection, webhooks, the loop's lag, memory. Names follow Prometheus."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self, get_args

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from voicecall.audio.transcoding import Place, transcoded
from voicecall.gateway.budget import OutboundBudget
from voicecall.gateway.hook import Hook
from voicecall.gateway.switchboard import Switchboard
from voicecall.speech import Detector

_TICK = 0.1


class Metrics(Collector):
    """Collects on request; measures the event loop's lag all the time."""

    def __init__(
        self, switchboard: Switchboard, detector: Detector, budget: OutboundBudget, hooks: Sequence[Hook] = ()
    ) -> None:
        self.registry = CollectorRegistry()
        self._switchboard = switchboard
        self._detector = detector
        self._budget = budget
        self._hooks = hooks
        self._worst_lag = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._tick()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        now = self._loop.time()
        self._worst_lag = max(self._worst_lag, now - self._due)
        self._due = now + _TICK
        self._timer = self._loop.call_at(self._due, self._tick)

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; the worst lag starts anew."""
        calls = GaugeMetricFamily("voicecall_calls", "Live calls by state", labels=["state"])
        states: dict[str, int] = {}
        for session in self._switchboard.sessions.values():
            if not session.call.is_over:
                states[session.call.state] = states.get(session.call.state, 0) + 1
        for state, count in sorted(states.items()):
            calls.add_metric([state], count)
        yield calls
        ended = CounterMetricFamily("voicecall_calls_ended", "Calls that ended, by reason", labels=["reason"])
        for reason, count in sorted(self._switchboard.ended.items()):
            ended.add_metric([reason], count)
        yield ended
        yield GaugeMetricFamily(
            "voicecall_outbound_stopped", "Whether nobody is dialled until it is resumed", value=self._budget.stopped
        )
        yield GaugeMetricFamily("voicecall_tasks", "Tasks of the event loop", value=len(asyncio.all_tasks(self._loop)))
        yield GaugeMetricFamily("voicecall_threads", "Threads of the process", value=threading.active_count())
        yield GaugeMetricFamily(
            "voicecall_loop_lag_seconds", "Worst lag of the event loop since the last scrape", value=self._worst_lag
        )
        self._worst_lag = 0.0
        yield from self._webhooks()
        converted = CounterMetricFamily(
            "voicecall_transcoded_frames",
            "Audio turned from one encoding into another, for carriers and for models that hear and speak",
            labels=["place"],
        )
        for place in get_args(Place):
            converted.add_metric([place], transcoded[place])
        yield converted
        counters = getattr(self._detector, "counters", None)
        if counters is not None:
            yield CounterMetricFamily("voicecall_vad_windows", "Windows of speech judged", value=counters.windows)
            yield CounterMetricFamily("voicecall_vad_batches", "Inferences run", value=counters.batches)
            yield CounterMetricFamily("voicecall_vad_dropped", "Windows dropped by overload", value=counters.dropped)

    def _webhooks(self) -> Iterator[Metric]:
        lag = GaugeMetricFamily(
            "voicecall_webhook_lag_seconds", "How long the oldest message waits for its receiver", labels=["webhook"]
        )
        ends = CounterMetricFamily(
            "voicecall_webhook_messages", "Messages to receivers, by what came of them", labels=["webhook", "outcome"]
        )
        failures = CounterMetricFamily(
            "voicecall_webhook_failures", "Attempts to deliver a message that failed", labels=["webhook"]
        )
        for hook in self._hooks:
            name = hook.receiver.name
            lag.add_metric([name], hook.lag)
            failures.add_metric([name], hook.failed)
            ends.add_metric([name, "delivered"], hook.taken)
            ends.add_metric([name, "given-up"], hook.given_up)
        yield from (lag, failures, ends)
