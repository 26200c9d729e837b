"""Google's own client talks to the emulated Gemini Live."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from google.genai import Client, errors
from google.genai.live import AsyncSession
from google.genai.types import (
    ActivityEnd,
    ActivityStart,
    Blob,
    Content,
    ContentDict,
    FunctionResponse,
    HttpOptions,
    InteractionStatus,
    LiveConnectConfig,
    LiveServerMessage,
    Part,
)

from tests.net.test_http_tls import self_signed
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.gemini_live import GeminiLive
from voicecall.emulators.vendors.gemini_live_model import Answer, Call, Wrong, sound

MODEL = "gemini-3.8-live"
SPEECH = sound(0.3, 16000)
SILENCE = bytes(len(SPEECH) * 2)
TOOL = {"function_declarations": [{"name": "look_up", "description": "d", "behavior": "BLOCKING"}]}
STRICT = {"name": "f", "parameters": {"type": "OBJECT", "additional_properties": False}}
WORDS: dict[str, object] = {"input_audio_transcription": {}, "output_audio_transcription": {}}


@asynccontextmanager
async def session(
    google: GeminiLive, key: str = "a-key", model: str = MODEL, **config: object
) -> AsyncIterator[AsyncSession]:
    """Connect by TLS: this client makes `wss` of any URL."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with TemporaryDirectory() as folder:
        tls = self_signed(Path(folder))
    async with listening(google.app, tls) as origin:
        options = HttpOptions(base_url=origin, api_version="v1beta", async_client_args={"ssl": trusting})
        client = Client(vertexai=False, api_key=key, http_options=options)
        settings = LiveConnectConfig.model_validate({"response_modalities": ["AUDIO"], **WORDS, **config})
        async with client.aio.live.connect(model=model, config=settings) as connected:
            yield connected


async def turn(connected: AsyncSession) -> list[LiveServerMessage]:
    return [message async for message in connected.receive()]


def seconds(messages: list[LiveServerMessage]) -> float:
    return sum(len(message.data or b"") for message in messages) / 48000


def words(messages: list[LiveServerMessage], name: str = "output_transcription") -> str:
    contents = [message.server_content for message in messages if message.server_content]
    heard = [getattr(content, name) for content in contents]
    return "".join(each.text for each in heard if each).strip()


async def speak(connected: AsyncSession, *pieces: bytes) -> None:
    for piece in pieces:
        await connected.send_realtime_input(audio=Blob(data=piece, mime_type="audio/pcm;rate=16000"))


def played(scene: Coroutine[None, None, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await scene

    asyncio.run(bounded())


def test_a_turn_of_text_is_spoken_and_written() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.answers.append(Answer("Good morning to you.", 1.25))
        async with session(google, system_instruction="Be brief.") as connected:
            hello = Content(role="user", parts=[Part(text="Hello.")])
            await connected.send_client_content(turns=hello, turn_complete=True)
            messages = await turn(connected)
        assert seconds(messages) == pytest.approx(1.25)
        assert words(messages) == "Good morning to you."
        assert messages[-1].usage_metadata is not None
        assert messages[-1].usage_metadata.response_token_count == 31
        (talk,) = google.talks
        assert talk.setup.instructions == "Be brief."
        assert [(entry.role, entry.text) for entry in talk.entries] == [
            ("user", "Hello."),
            ("model", "Good morning to you."),
        ]

    played(scene())


def test_speech_ends_by_silence_and_is_answered() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.words.append("what time is it")
        async with session(google) as connected:
            await speak(connected, SPEECH, SPEECH, SILENCE)
            messages = await turn(connected)
        assert words(messages, "input_transcription") == "what time is it"
        assert words(messages) == "All right."
        assert google.talks[0].entries[0].seconds == pytest.approx(1.1, abs=0.05)

    played(scene())


def test_the_words_of_the_caller_may_come_after_the_answer_began() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.words.append("hello")
        google.script.is_transcribed_late = True
        async with session(google) as connected:
            await speak(connected, SPEECH)
            await connected.send_realtime_input(audio_stream_end=True)
            messages = await turn(connected)
        told = [message.server_content.input_transcription for message in messages if message.server_content]
        assert messages[0].data
        assert told[1] is not None
        assert told[1].text == " hello"

    played(scene())


def test_a_client_marks_activity_where_the_vendor_is_not_to_detect_it() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.words.append("hello")
        off = {"automatic_activity_detection": {"disabled": True}}
        async with session(google, realtime_input_config=off) as connected:
            await speak(connected, SPEECH, SILENCE, SILENCE)
            await connected.send_realtime_input(activity_start=ActivityStart())
            await speak(connected, SPEECH)
            await connected.send_realtime_input(activity_end=ActivityEnd())
            assert words(await turn(connected)) == "All right."
        assert [entry.seconds for entry in google.talks[0].entries] == [pytest.approx(0.3), pytest.approx(0.6)]

    played(scene())


def test_speech_interrupts_and_only_what_was_sent_is_remembered() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.ahead = 0.3
        google.script.answers.append(Answer("one two three four five six seven eight nine ten", 2.0))
        async with session(google) as connected:
            await speak(connected, SPEECH, SILENCE)
            incoming = connected.receive()
            heard = 0
            while heard < 0.3 * 48000:
                heard += len((await anext(incoming)).data or b"")
            await speak(connected, SPEECH)
            rest = [message async for message in incoming]
        contents = [message.server_content for message in rest if message.server_content]
        assert contents[-2].interrupted
        assert contents[-1].turn_complete
        entry = google.talks[0].entries[-1]
        assert entry.is_interrupted
        assert entry.text.startswith("one two")
        assert "nine" not in entry.text

    played(scene())


def test_no_interruption_means_that_the_turn_is_finished_first() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.ahead = 0.1
        async with session(google, realtime_input_config={"activity_handling": "NO_INTERRUPTION"}) as connected:
            await speak(connected, SPEECH, SILENCE)
            incoming = connected.receive()
            messages = [await anext(incoming)]
            await speak(connected, SPEECH, SILENCE, SILENCE)
            messages += [message async for message in incoming] + await turn(connected)
        assert not any(message.server_content.interrupted for message in messages if message.server_content)
        assert [entry.role for entry in google.talks[0].entries] == ["user", "model", "user", "model"]

    played(scene())


def test_a_function_that_blocks_is_awaited() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.answers.extend((Answer("", calls=(Call("look_up", {"word": "tea"}),)), Answer("A drink.")))
        async with session(google, tools=[TOOL]) as connected:
            await connected.send_realtime_input(text="What is tea?")
            called = (await anext(connected.receive())).tool_call
            assert called is not None
            assert called.function_calls is not None
            call = called.function_calls[0]
            assert (call.name, call.args) == ("look_up", {"word": "tea"})
            result = FunctionResponse(id=call.id, name=call.name, response={"output": "a drink"})
            await connected.send_tool_response(function_responses=result)
            assert words(await turn(connected)) == "A drink."
        assert [entry.role for entry in google.talks[0].entries] == ["user", "call", "result", "model"]

    played(scene())


def test_new_input_cancels_a_function_that_blocks() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.answers.extend((Answer("", calls=(Call("look_up"),)), Answer("Never mind.")))
        async with session(google, tools=[TOOL]) as connected:
            await connected.send_realtime_input(text="What is tea?")
            assert (await anext(connected.receive())).tool_call
            await connected.send_realtime_input(text="Forget it.")
            messages = await turn(connected)
            late = FunctionResponse(id="function-call-1", name="look_up", response={})
            await connected.send_tool_response(function_responses=late)
            assert words(await turn(connected)) == "Never mind."
        cancelled = [message.tool_call_cancellation for message in messages if message.tool_call_cancellation]
        assert [each.ids for each in cancelled] == [["function-call-1"]]

    played(scene())


def test_a_function_that_does_not_block_is_answered_at_the_next_pause() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.answers.extend((Answer("One moment.", calls=(Call("look_up"),)), Answer("A drink.")))
        async with session(google, tools=[{"function_declarations": [{"name": "look_up"}]}]) as connected:
            await connected.send_realtime_input(text="What is tea?")
            incoming = connected.receive()
            first = [await anext(incoming) for _ in range(9)]
            assert words(first) == "One moment."
            contents = [message.server_content for message in first if message.server_content]
            assert contents[-1].turn_complete
            assert contents[-1].interaction_status == InteractionStatus.IN_PROGRESS
            assert first[-3].tool_call
            result = FunctionResponse(id="function-call-1", name="look_up", response={"output": "a drink"})
            await connected.send_tool_response(function_responses=result)
            assert words([message async for message in incoming]) == "A drink."

    played(scene())


def test_a_session_is_resumed_where_its_handle_was_given() -> None:
    async def scene() -> None:
        google = GeminiLive()
        async with session(google, session_resumption={}) as connected:
            await connected.send_realtime_input(text="My name is Ida.")
            await turn(connected)
            update = (await anext(connected.receive())).session_resumption_update
            assert update is not None
            assert update.resumable
            google.go_away(0.01)
            with pytest.raises(errors.APIError, match="1008"):
                await turn(connected)
        async with session(google, session_resumption={"handle": update.new_handle}) as connected:
            await connected.send_realtime_input(text="Who am I?")
            await turn(connected)
        texts = [entry.text for entry in google.talks[1].entries]
        assert texts == ["My name is Ida.", "All right.", "Who am I?", "All right."]
        assert google.talks[1].is_resumed
        with pytest.raises(errors.APIError, match="1008"):
            async with session(google, session_resumption={"handle": "another"}):
                pass

    played(scene())


def test_content_that_is_not_complete_keeps_the_model_waiting() -> None:
    async def scene() -> None:
        google = GeminiLive()
        async with session(google) as connected:
            aside = Content(role="user", parts=[Part(text="The caller pressed 5.")])
            await connected.send_client_content(turns=aside, turn_complete=False)
            await speak(connected, SPEECH, SILENCE)
            await connected.send_client_content(turn_complete=True)
            assert words(await turn(connected)) == "All right."
        assert [entry.role for entry in google.talks[0].entries] == ["user", "user", "model"]

    played(scene())


def test_a_past_is_learnt_without_being_answered() -> None:
    async def scene() -> None:
        google = GeminiLive()
        async with session(google, history_config={"initial_history_in_client_content": True}) as connected:
            past: list[Content | ContentDict] = [
                Content(role="user", parts=[Part(text="Hi.")]),
                Content(role="model", parts=[Part(text="Hello.")]),
            ]
            await connected.send_client_content(turns=past, turn_complete=True)
            await connected.send_realtime_input(text="How are you?")
            assert words(await turn(connected)) == "All right."
        assert [entry.text for entry in google.talks[0].entries] == ["Hi.", "Hello.", "How are you?", "All right."]

    played(scene())


@pytest.mark.parametrize(
    ("key", "model", "config", "reason"),
    [
        ("wrong", MODEL, {}, "1007.*API key not valid"),
        ("a-key", "gemini-9", {}, "1008.*is not found"),
        ("a-key", MODEL, {"thinking_config": {"thinking_level": "LOW"}}, "1007.*level"),
        ("a-key", MODEL, {"proactivity": {"proactive_audio": True}}, '1007.*Unknown name "proactivity"'),
        ("a-key", MODEL, {"response_modalities": ["TEXT"]}, "1007"),
        ("a-key", MODEL, {"tools": [{"function_declarations": [STRICT]}]}, '1007.*Unknown name "additionalProperties"'),
        ("a-key", MODEL, {"speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Hal"}}}}, "1007"),
    ],
)
def test_what_is_not_to_be_had_is_refused(key: str, model: str, config: dict[str, object], reason: str) -> None:
    async def scene() -> None:
        with pytest.raises(errors.APIError, match=reason):
            async with session(GeminiLive(), key, model, **config):
                pass

    played(scene())


@pytest.mark.parametrize(
    "message",
    [
        {"mediaChunks": [{"data": "", "mimeType": "audio/pcm;rate=16000"}]},
        {"audio": {"data": "AAAA", "mimeType": "audio/wav"}},
        {"audio": {"data": "AAA", "mimeType": "audio/pcm;rate=16000"}},
        {"activityStart": {}},
    ],
)
def test_input_that_is_wrong_ends_the_connection(message: dict[str, object]) -> None:
    async def scene() -> None:
        async with session(GeminiLive()) as connected:
            await connected._ws.send(json.dumps({"realtimeInput": message}))
            with pytest.raises(errors.APIError, match="1007"):
                await turn(connected)

    played(scene())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [("close", "1011"), ("drop", "1006"), ("refused", "1008"), ("throttled", "quota"), ("unavailable", "unavailable")],
)
def test_connections_end_as_the_test_wants(wrong: Wrong, reason: str) -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.wrong = wrong
        with pytest.raises(errors.APIError, match=reason):
            await greet(google)

    async def greet(google: GeminiLive) -> None:
        async with session(google) as connected:
            await connected.send_realtime_input(text="Hello.")
            await turn(connected)

    played(scene())


def test_a_flood_has_no_end_and_audio_may_have_another_rate() -> None:
    async def scene() -> None:
        google = GeminiLive()
        google.script.wrong = "flood"
        async with session(google) as connected:
            await connected.send_realtime_input(text="Hello.")
            heard = 0
            async for message in connected.receive():
                heard += len(message.data or b"")
                if heard > 48000 * 5:
                    break
            google.script.wrong = "rate"
            await connected.send_realtime_input(text="Stop.")
            await turn(connected)
            messages = await turn(connected)
        parts = [message.server_content.model_turn for message in messages if message.server_content]
        types = {
            part.inline_data.mime_type for turns in parts if turns for part in turns.parts or () if part.inline_data
        }
        assert types == {"audio/pcm;rate=16000"}

    played(scene())
