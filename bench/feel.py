"""How does a conversation feel? Real-time calls, one at a time, gateway and phones together on one core.

Run as `python -m bench.feel [--calls 6] [--core 0] [--json FILE]`. Four things are measured, all from the recording of
what the phone sent and heard: the added latency (from the caller's last sound to the first of the answer, less the
silence that the turn's decision chose to wait), the time from an interruption to the agent's silence, how often noise,
coughs, room tone and the agent's own echo interrupt it, and how many more words the ears get wrong over the whole path
than the same model on the clean file. Takes about four minutes for each call of `--calls`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path

from bench.measure import SERVER_CORE, percentile, pin
from bench.servers import machine
from voicecall import logs
from voicecall.app.engines import Engines
from voicecall.audio.g711 import to_float
from voicecall.audio.levels import audible_spans
from voicecall.audio.wav import decode_wav, encode_wav
from voicecall.config.model import Config
from voicecall.config.speech import Stt, Tts
from voicecall.emulators.disturbance import Disturbance, Echo, Noise
from voicecall.emulators.script import Step
from voicecall.scenarios.form import Caller, Expected, Scenario
from voicecall.scenarios.listening import listen
from voicecall.scenarios.reading import SECRET, Read
from voicecall.scenarios.running import Outcome, run
from voicecall.speech import Voice

_LONG = (
    "We are open from nine to five on weekdays, and from ten to two on Saturdays. On Sundays and on public holidays we "
    "are closed. You can park behind the house, and there is a bus stop across the street."
)
_QUESTIONS = (
    "Are you open on Saturday afternoon?",
    "I would like to order a pizza.",
    "Could you tell me where you are?",
    "What does it cost to send a parcel to France?",
    "I have lost my key.",
)
_INTERRUPTIONS = ("Can I also come by on a Sunday?", "Is there a train as well?", "What is your address?")
_READ_OUT = (
    "The train to the coast leaves from the second platform in the morning.",
    "My sister and her husband moved into a small house near the river last summer.",
    "Please remember to bring the blue folder with the signed papers on Monday.",
    "I would like to know whether the doctor has time for me this week.",
    "The kitchen window does not close properly, and the rain comes in every night.",
    "We ordered two chairs and a table, but only the table was delivered.",
    "Could you ask somebody from the office to call me back in the afternoon?",
    "The parcel was left with a neighbour whose name I do not know.",
    "There is a problem with the heating, and the children are getting cold.",
    "I am calling because my card was stolen at the market yesterday.",
    "The concert was moved to the following evening because the singer is ill.",
    "She said that the bridge is closed and that we should drive through the village.",
    "Our garden is full of apples, and we do not know what to do with them.",
    "The teacher asked the parents to come to the school before the holidays.",
    "He forgot his umbrella on the bus and went back to look for it.",
    "Nobody told us that the museum opens one hour later in the winter.",
    "I need a quiet room with a view of the lake for my mother.",
    "The bill is higher than last month, although we were away for a week.",
)
_VOICE = Voice(pitch=1.18, pace=1.12)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds, over so many."""

    count: int
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Times:
        """Sum up."""
        return cls(len(values), percentile(values, 0.5), percentile(values, 0.95))


@dataclass(frozen=True, slots=True)
class Falsely:
    """What became of calls in which nobody interrupted."""

    calls: int
    yielded: int
    """Calls in which the agent gave up a line."""
    paused: int
    """Calls in which it paused for more than 600 ms."""
    talked_to_itself: int
    """Calls with a turn that nobody had."""


@dataclass(frozen=True, slots=True)
class Words:
    """Word error rates, 0 to 1."""

    count: int
    clean: float
    whole_path: float
    missed: list[str]
    """What was said, and in place of it heard, over the whole path."""


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured."""

    machine: str
    added: Times
    response: Times
    interruption: Times
    falsely: dict[str, Falsely]
    words: Words


def _config(text: str, **more: object) -> Config:
    anywhere = {"port": 0}
    tree = {"brain": {"kind": "fixed", "text": text}, "inbound_policy": "open", "serve": anywhere, "control": anywhere}
    return Config.model_validate({**tree, "mock": {"secret": SECRET}, **more})


def _calls(name: str, count: int, config: Config, steps: Sequence[Step], line: Disturbance | None = None) -> list[Read]:
    caller = Caller(steps=(*steps, Step(hangup=True)), line=line or Disturbance())
    scenario = Scenario(name=name, caller=caller, seconds=300.0, expect=Expected())
    return [Read(Path(f"{name}-{number + 1}"), scenario, config) for number in range(count)]


def _held(calls: list[Read]) -> list[Outcome]:
    def tell(outcome: Outcome) -> None:
        why = "" if outcome.measures else f": {outcome.missed[0].was}"
        print(f"{outcome.read.file}{why} ...", file=sys.stderr)

    return run(calls, tell=tell)


def latency(count: int) -> tuple[Times, Times]:
    """Return the added latency and the whole response, over `count` calls of five turns."""
    steps = [Step(listen=0.7)]
    for question in _QUESTIONS:
        steps += [Step(say=question), Step(listen=0.7)]
    held = _held(_calls("latency", count, _config("Certainly, that can be done."), steps))
    answers = [answer for one in held if one.measures for answer in one.measures.answers]
    added = Times.of([answer.response_ms - answer.wait_ms for answer in answers])
    return added, Times.of([answer.response_ms for answer in answers])


def interruption(count: int) -> Times:
    """Return the time from the caller's first sound to the agent's silence, over `count` calls of three each."""
    steps = [Step(listen=0.7), Step(say=_QUESTIONS[0])]
    for words in _INTERRUPTIONS:
        steps += [Step(onset=1.6), Step(say=words)]
    held = _held(_calls("interruption", count, _config(_LONG), steps))
    return Times.of([took for one in held if one.measures for took in one.measures.interruptions_ms])


def falsely(count: int) -> dict[str, Falsely]:
    """Return what sounds do that are no interruptions, over `count` calls each."""
    quiet, amid = [Step(wait=0.1)], Step(onset=1.5)
    cases: dict[str, tuple[list[Step], Disturbance]] = {
        "cough": ([amid, Step(cough=2), Step(wait=2.0), Step(cough=1)], Disturbance()),
        "pink noise, 10 dB": (quiet, Disturbance(noise=Noise(kind="pink", snr=10))),
        "room tone, 10 dB": (quiet, Disturbance(noise=Noise(kind="room", snr=10))),
        **{f"echo after {late} ms": (quiet, Disturbance(echo=Echo(delay_ms=late, db=-12))) for late in (100, 300, 600)},
    }
    found = {}
    for name, (amidst, line) in cases.items():
        steps = [Step(listen=0.8), Step(say=_QUESTIONS[0]), *amidst, Step(listen=1.5)]
        found[name] = _judged(_held(_calls(name.replace(" ", "-"), count, _config(_LONG), steps, line)))
    return found


def _judged(held: list[Outcome]) -> Falsely:
    calls = [one for one in held if one.held and one.measures]
    return Falsely(
        calls=len(calls),
        yielded=sum(any("heard" in line for line in one.held.record["transcript"]) for one in calls if one.held),
        paused=sum(bool(one.measures.pauses) for one in calls if one.measures),
        talked_to_itself=sum(
            sum(line["speaker"] == "caller" for line in one.held.record["transcript"]) > 1 for one in calls if one.held
        ),
    )


def words() -> Words:
    """Return how many words the ears get wrong, over the whole path and on the clean files."""
    with tempfile.TemporaryDirectory(prefix="feel-") as folder:
        files = asyncio.run(_read_out(Path(folder)))
        clean = asyncio.run(_on_files(files))
        heard: list[str] = []
        config = _config("Go on.", limits={"max_duration_seconds": 600})
        for at in range(0, len(files), 6):
            steps = [Step(listen=0.7)]
            for file in files[at : at + 6]:
                steps += [Step(wav=str(file)), Step(listen=0.7)]
            (outcome,) = _held(_calls(f"words-{at // 6 + 1}", 1, config, steps))
            lines = outcome.held.record["transcript"] if outcome.held else []
            heard += [line["text"] for line in lines if line["speaker"] == "caller"]
    said = _plain(" ".join(_READ_OUT))
    on_line = _plain(" ".join(heard))
    return Words(
        len(said), errors(said, _plain(clean)) / len(said), errors(said, on_line) / len(said), _missed(said, on_line)
    )


async def _read_out(folder: Path) -> list[Path]:
    engines = Engines()
    speaker = engines.speaker(Tts())
    files = []
    async with _loaded(engines):
        for number, text in enumerate(_READ_OUT):
            mulaw = b"".join([chunk async for chunk in speaker.speak(text, _VOICE)])
            files.append(folder / f"{number}.wav")
            files[-1].write_bytes(encode_wav(to_float(mulaw)))
    return files


async def _on_files(files: list[Path]) -> str:
    engines = Engines()
    transcriber = engines.transcriber(Stt())
    texts = []
    async with _loaded(engines):
        for file in files:
            samples = decode_wav(file.read_bytes())
            texts.append(await listen(samples, [(0.0, audible_spans(samples)[-1][1])], transcriber))
    return " ".join(texts)


@asynccontextmanager
async def _loaded(engines: Engines) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        await engines.load(stack)
        yield


def _plain(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower().replace("’", "'"))


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words must be replaced, added or taken out to make `said` of `heard`."""
    row = list(range(len(heard) + 1))
    for place, word in enumerate(said, start=1):
        before, row[0] = row[0], place
        for at, other in enumerate(heard, start=1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def _missed(said: list[str], heard: list[str]) -> list[str]:
    found = SequenceMatcher(None, said, heard, autojunk=False).get_opcodes()
    return [
        f"{' '.join(said[begin:end])} -> {' '.join(heard[first:last])}"
        for same, begin, end, first, last in found
        if same != "equal"
    ]


def measure(count: int) -> Results:
    """Measure everything."""
    added, response = latency(count)
    return Results(machine(), added, response, interruption(count), falsely(count), words())


def report(results: Results) -> None:
    """Print the results as tables."""
    print(f"{'':<34}{'count':>6}{'p50 ms':>8}{'p95 ms':>8}   bound")
    for name, times, bound in (
        ("response", results.response, ""),
        ("response, less the wait", results.added, "p95 350"),
        ("interruption to silence", results.interruption, "p95 200"),
    ):
        print(f"{name:<34}{times.count:>6}{times.p50:>8.0f}{times.p95:>8.0f}   {bound}")
    print(f"\n{'nobody interrupts, and':<34}{'calls':>6}{'yields':>8}{'pauses':>8}{'turns of nobody':>17}")
    for name, one in results.falsely.items():
        print(f"{name:<34}{one.calls:>6}{one.yielded:>8}{one.paused:>8}{one.talked_to_itself:>17}")
    told = results.words
    print(
        f"\nword error rate over {told.count} words: {told.whole_path:.1%} on the line, {told.clean:.1%} on the files"
    )
    print(*(f"    {miss}" for miss in told.missed), sep="\n")
    print(f"\n{results.machine}; gateway and phones on one core")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=6, help="calls of each kind")
    parser.add_argument("--core", type=int, default=SERVER_CORE, help="the core that everything runs on")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    arguments = parser.parse_args()
    logs.configure(logs.LogOptions(level="error"))
    pin(arguments.core)
    results = measure(arguments.calls)
    report(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(results), indent=1) + "\n")


if __name__ == "__main__":
    main()
