"""What the demonstration promises, checked on what it printed and left behind."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.demo.played import LATEST_SILENCE, Played, undisturbed
from voicecall.audio import Samples
from voicecall.audio.g711 import from_float
from voicecall.audio.levels import audible_spans, is_silent, rms_dbfs
from voicecall.config.model import Config
from voicecall.demo.script import STEPS
from voicecall.speech import Report, Transcription
from voicecall.speech.stt.moonshine import MoonshineTranscriber

Demos = dict[str, Played]
Tries = dict[str, list[Played]]
BOTH = pytest.mark.parametrize("name", ["plain", "faults"])


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def word_error_rate(said: list[str], understood: list[str]) -> float:
    row = list(range(len(understood) + 1))
    for count, word in enumerate(said, 1):
        before, row[0] = row[0], count
        for place, other in enumerate(understood, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1] / len(said)


def test_one_word_in_four_wrong_is_a_quarter() -> None:
    assert word_error_rate("one two three four".split(), "one three three four".split()) == 0.25
    assert word_error_rate("one two three four".split(), "one three four".split()) == 0.25


def transcribed(samples: Samples) -> str:
    """What our own transcriber makes of a track, stretch by stretch."""
    heard: list[str] = []

    async def listen() -> None:
        async with (engine := MoonshineTranscriber()).ready():
            for segment, (begin, end) in enumerate(audible_spans(samples, join=0.6), 1):
                done = asyncio.Event()

                def take(said: Report, done: asyncio.Event = done) -> None:
                    if isinstance(said, Transcription) and said.final:
                        heard.append(said.text)
                        done.set()

                stream = engine.open(take)
                stream.speech_started(segment, 0.0)
                stream.feed(from_float(samples[int(max(0.0, begin - 0.1) * 8000) : int((end + 0.2) * 8000)]))
                stream.speech_stopped(segment)
                async with asyncio.timeout(30):
                    await done.wait()
                stream.close()

    asyncio.run(listen())
    return " ".join(heard)


def pitch(samples: Samples) -> float:
    """The median pitch in hertz, by autocorrelation over 40 ms."""
    found = []
    for start in range(0, len(samples) - 320, 320):
        frame = samples[start : start + 320]
        if is_silent(frame, -25.0):
            continue
        likeness = np.correlate(frame, frame, "full")[319:]
        lag = 25 + int(np.argmax(likeness[25:115]))  # 70 to 320 Hz
        if likeness[lag] > 0.5 * likeness[0]:
            found.append(8000 / lag)
    return float(np.median(found))


# --- what it prints


def test_it_exits_with_0_and_ends_with_where_the_recording_and_the_transcript_are(demos: Demos) -> None:
    played = demos["plain"]
    assert (played.status, played.errors) == (0, "")
    assert played.output.splitlines()[-2:] == [
        f"recording: {played.folder / 'call.wav'}",
        f"transcript: {played.folder / 'transcript.json'}",
    ]


def test_as_json_it_writes_one_object_that_names_its_files(demos: Demos) -> None:
    played = demos["faults"]
    assert (played.status, played.errors) == (0, "")
    files = json.loads(played.output)
    assert set(files) == {"recording", "transcript", "record", "events", "picture"}
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in files.values())


def test_it_shows_who_speaks_partials_the_interruption_and_the_latency(demos: Demos) -> None:
    shown = demos["plain"].output
    assert "loading the speech models" in shown
    assert re.search(r"^ +\d+\.\d +caller  .+ …$", shown, re.MULTILINE)
    assert re.search(r"^ +\d+\.\d +agent  .+ —  \(interrupted; \d+ words were never heard\)$", shown, re.MULTILINE)
    assert re.search(r"silent \d+ ms after the caller began", shown)
    assert re.search(r"turn 1: wait \d+, brain \d+, voice \d+, response \d+ ms", shown)


def test_the_transcript_is_that_of_the_record(demos: Demos) -> None:
    played = demos["plain"]
    assert json.loads((played.folder / "transcript.json").read_text()) == played.record["transcript"]


def test_its_state_lives_in_its_own_folder(demos: Demos) -> None:
    assert (demos["plain"].folder / "state" / "calls.db").is_file()


# --- the conversation


@BOTH
def test_there_are_at_least_three_turns_each_way_and_the_agent_hangs_up(demos: Demos, name: str) -> None:
    played = demos[name]
    speakers = [line["speaker"] for line in played.record["transcript"]]
    handed_over = [one for one, other in pairwise([*speakers, ""]) if one != other]
    assert handed_over.count("caller") >= 3
    assert handed_over.count("agent") >= 3
    assert played.record["endReason"] == "hangup-agent"


@BOTH
def test_at_most_a_quarter_of_the_callers_words_is_wrong(demos: Demos, name: str) -> None:
    said = words(" ".join(step.say for step in STEPS if step.say))
    understood = words(" ".join(line["text"] for line in demos[name].lines("caller")))
    assert word_error_rate(said, understood) <= 0.25


@BOTH
def test_the_greeting_is_said_once(demos: Demos, name: str) -> None:
    greeting = Config().inbound_greeting
    agent = [line["text"] for line in demos[name].lines("agent")]
    assert agent[0] == greeting
    assert agent.count(greeting) == 1


@BOTH
def test_the_interruption_silences_the_agent_within_200_ms(tries: Tries, name: str) -> None:
    (interruption,) = undisturbed(tries[name]).interruptions()
    assert interruption.reaction <= LATEST_SILENCE


@BOTH
def test_nothing_of_the_interrupted_turn_is_heard_again_and_a_new_reply_follows(tries: Tries, name: str) -> None:
    played = undisturbed(tries[name])
    caller, agent = played.sides()
    ((onset, silent, again),) = played.interruptions()
    spoken_until = next(end for begin, end in audible_spans(caller, join=0.4) if begin <= onset < end)
    assert again > spoken_until
    assert is_silent(agent[int(silent * 8000) : int(again * 8000)])
    (cut,) = [line for line in played.lines("agent") if "heard" in line]
    after = played.lines("agent")[played.lines("agent").index(cut) + 1]
    assert cut["text"].startswith(cut["heard"])
    assert cut["heard"] != cut["text"]
    unheard = cut["text"].removeprefix(cut["heard"]).split()
    spoken = transcribed(agent[int((again - 0.2) * 8000) : int((again + 4.5) * 8000)])
    assert word_error_rate(words(after["text"]), words(spoken)) <= 0.5
    assert " ".join(words(" ".join(unheard))[:4]) not in " ".join(words(spoken))


# --- the recording


@BOTH
def test_both_sides_of_the_recording_say_what_the_transcript_says(demos: Demos, name: str) -> None:
    played = demos[name]
    for speaker, samples in zip(("caller", "agent"), played.sides(), strict=True):
        written = words(" ".join(line.get("heard", line["text"]) for line in played.lines(speaker)))
        assert word_error_rate(written, words(transcribed(samples))) <= 0.25, speaker


@BOTH
def test_both_sides_of_the_recording_are_as_loud_as_speech_is(demos: Demos, name: str) -> None:
    for samples in demos[name].sides():
        sounding = [samples[int(begin * 8000) : int(end * 8000)] for begin, end in audible_spans(samples)]
        assert -26 < rms_dbfs(np.concatenate(sounding)) < -14


def test_the_recording_is_two_people(demos: Demos) -> None:
    caller, agent = (pitch(samples) for samples in demos["plain"].sides())
    assert caller / agent > 1.1


# --- faults


def test_the_dropped_socket_came_back_inside_the_grace_and_the_greeting_went_on(demos: Demos) -> None:
    played = demos["faults"]
    first, second = played.times("stream.started")
    (lost,) = played.times("stream.stopped")
    assert first < lost < second
    assert lost < played.times("reply.finished")[0]
    assert not played.record["warnings"]


def test_the_greeting_is_heard_once_although_the_socket_dropped(demos: Demos) -> None:
    _, agent = demos["faults"].sides()
    heard = words(transcribed(agent))
    assert heard.count("hello") <= 1  # the gap may make another word of it
    assert " ".join(heard).count("help you") == 1
    greeting = words(Config().inbound_greeting)
    assert word_error_rate(greeting, heard[: heard.index("you") + 1]) <= 0.5  # the gap is in the middle of a word


def test_every_line_has_its_answer_although_webhooks_came_twice(demos: Demos) -> None:
    plain, faults = ([line["text"] for line in demos[name].lines("agent")] for name in ("plain", "faults"))
    assert len(plain) == len(faults)
    assert [line.split()[0] for line in plain] == [line.split()[0] for line in faults]
    assert demos["faults"].times("call.initiated") != []
    assert len(demos["faults"].times("call.initiated")) == 1


# --- the picture


@BOTH
def test_the_picture_shows_every_line(demos: Demos, name: str) -> None:
    played = demos[name]
    picture = ElementTree.parse(played.folder / "call.svg").getroot()  # noqa: S314 - our own
    drawn = words(" ".join(text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text")))
    for line in played.record["transcript"]:
        assert set(words(line.get("heard", line["text"]))) <= set(drawn)
