"""OpenAI's own client converses with the emulator: so this one is not of our imagination."""

from __future__ import annotations

import asyncio

import pytest
from openai import AsyncOpenAI

from tests.emulators.openai_realtime_rig import KEY, MODEL, PCMU, SILENCE, Client, play, sound
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openai_realtime import OpenAIRealtime
from voicecall.emulators.vendors.openai_realtime_hearing import tone
from voicecall.emulators.vendors.openai_realtime_script import CallFunction, Say
from voicecall.emulators.vendors.openai_speech import OpenAISpeech

VAD = {"type": "server_vad", "create_response": False, "interrupt_response": False}


def test_a_session_takes_on_what_it_is_told_and_shows_all_of_it() -> None:
    async def scene(client: Client) -> None:
        tools = [{"type": "function", "name": "end_call", "description": "d", "parameters": {"type": "object"}}]
        session = await client.set_up(VAD, instructions="Be brief.", tools=tools, max_output_tokens=900)
        assert session["model"] == MODEL
        assert session["instructions"] == "Be brief."
        assert session["tools"] == tools
        assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500
        assert session["audio"]["output"] == {"format": PCMU, "voice": "marin", "speed": 1.0}

    assert play(scene).keys == [KEY]


def test_speech_becomes_an_item_and_its_words_come_after_it() -> None:
    async def scene(client: Client) -> None:
        await client.set_up(VAD)
        client.emulator.script.heard.append("good morning")
        await client.say(0.4, 0.6)
        events = await client.until("conversation.item.input_audio_transcription.completed")
        kinds = [event["type"].removeprefix("conversation.item.") for event in events]
        assert kinds == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "added",
            "done",
            "input_audio_transcription.delta",
            "input_audio_transcription.delta",
            "input_audio_transcription.completed",
        ]
        assert events[0]["audio_start_ms"] == 0
        assert events[1]["audio_end_ms"] == 900
        assert len({event.get("item_id") or event["item"]["id"] for event in events}) == 1
        assert events[-1]["transcript"] == "good morning"

    emulator = play(scene)
    assert emulator.sessions[0].conversation.lines == [("user", "good morning")]
    assert emulator.sessions[0].early_ms == 0


def test_an_answer_comes_with_its_sound_its_words_and_its_item() -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        client.emulator.script.answers.append((Say("hello there", 1.0),))
        await client.send("response.create", response={"metadata": {"turn": "3"}})
        events = await client.until("response.done")
        kinds = [event["type"] for event in events if not event["type"].endswith(".delta")]
        assert kinds == [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
        ]
        assert sound(events) == tone(1.0)
        response = events[-1]["response"]
        assert (response["status"], response["metadata"]) == ("completed", {"turn": "3"})
        assert response["output"][0]["content"] == [{"type": "output_audio", "transcript": "hello there"}]
        assert response["usage"]["output_token_details"]["audio_tokens"] == 20

    assert play(scene).sessions[0].conversation.lines == [("assistant", "hello there")]


def test_text_is_answered_in_text_where_that_is_asked() -> None:
    async def scene(client: Client) -> None:
        await client.set_up(output_modalities=["text"])
        await client.send("response.create")
        events = await client.until("response.done")
        assert sound(events) == b""
        assert events[-1]["response"]["output"][0]["content"] == [{"type": "output_text", "text": "all right"}]

    play(scene)


def test_vad_may_answer_by_itself_and_be_interrupted() -> None:
    async def scene(client: Client) -> None:
        await client.set_up({"type": "semantic_vad", "eagerness": "high"})
        client.emulator.script.wrong = "stall"
        await client.say()
        await client.last("response.output_audio.delta")
        await client.hear(tone(0.2))
        response = (await client.last("response.done"))["response"]
        assert response["status"] == "cancelled"
        assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        assert response["output"][0]["status"] == "incomplete"

    play(scene)


def test_vad_leaves_a_response_alone_where_it_is_told_to() -> None:
    async def scene(client: Client) -> None:
        await client.set_up(VAD)
        client.emulator.script.wrong = "stall"
        await client.send("response.create")
        await client.last("response.output_audio.delta")
        await client.say()
        await client.last("conversation.item.input_audio_transcription.completed")
        await client.send("response.cancel")
        response = (await client.last("response.done"))["response"]
        assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        assert len(client.emulator.sessions[0].responses) == 1

    play(scene)


def test_a_long_silence_after_an_answer_is_answered() -> None:
    async def scene(client: Client) -> None:
        await client.set_up(VAD | {"idle_timeout_ms": 5000})
        client.emulator.script.answers.append((Say("hello", 1.0),))
        await client.send("response.create")
        await client.last("response.done")
        await client.hear(SILENCE * 8000 * 4)
        await client.hear(SILENCE * 8000 * 3)
        timeout = await client.last("input_audio_buffer.timeout_triggered")
        assert (timeout["audio_start_ms"], timeout["audio_end_ms"]) == (1000, 7000)
        await client.last("response.done")

    play(scene)


def test_without_vad_the_client_commits_and_less_than_100_ms_is_refused() -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        assert (await client.refusal("input_audio_buffer.commit"))["code"] == "input_audio_buffer_commit_empty"
        await client.say(0.3, 0.0)
        await client.send("input_audio_buffer.clear")
        await client.last("input_audio_buffer.cleared")
        await client.say(0.09, 0.0)
        assert (await client.refusal("input_audio_buffer.commit"))["code"] == "input_audio_buffer_commit_empty"
        await client.say(0.3, 0.0)
        await client.send("input_audio_buffer.commit")
        await client.last("input_audio_buffer.committed")

    emulator = play(scene)
    assert emulator.sessions[0].conversation.items[0].audio_ms == pytest.approx(390)


@pytest.mark.parametrize(("kind", "size"), [("audio/pcmu", 8000), ("audio/pcma", 8000), ("audio/pcm", 48000)])
def test_each_format_is_heard_and_spoken(kind: str, size: int) -> None:
    async def scene(client: Client) -> None:
        form = {"type": kind} | ({"rate": 24000} if kind == "audio/pcm" else {})
        audio = {"input": {"format": form, "turn_detection": VAD}, "output": {"format": form}}
        await client.send("session.update", session={"type": "realtime", "audio": audio})
        await client.last("session.updated")
        loud = bytes((0x10, 0x90)) * (size // 2) if kind != "audio/pcm" else b"\x00\x20\x00\xe0" * (size // 4)
        await client.hear(loud)
        await client.last("input_audio_buffer.speech_started")
        client.emulator.script.answers.append((Say("hello", 1.0),))
        await client.send("response.create")
        assert len(sound(await client.until("response.done"))) == size

    play(scene)


def test_what_was_not_heard_is_cut_off_the_conversation() -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        client.emulator.script.answers.append((Say("one two three four five", 5.0),))
        await client.send("response.create")
        item = (await client.last("response.done"))["response"]["output"][0]["id"]
        cut = {"item_id": item, "content_index": 0}
        error = await client.refusal("conversation.item.truncate", audio_end_ms=5001, **cut)
        assert (error["code"], error["param"]) == ("invalid_value", "audio_end_ms")
        assert error["message"] == "Audio content of 5000ms is already shorter than 5001ms"
        await client.send("conversation.item.truncate", audio_end_ms=2100, **cut)
        assert (await client.next())["audio_end_ms"] == 2100
        again = await client.refusal("conversation.item.truncate", audio_end_ms=2200, **cut)
        assert again["code"] == "invalid_value"
        await client.send("conversation.item.retrieve", item_id=item)
        shown = (await client.last("conversation.item.retrieved"))["item"]
        assert shown["content"] == [{"type": "output_audio", "transcript": ""}]

    assert play(scene).sessions[0].conversation.lines == [("assistant", "one two")]


def test_items_are_added_in_their_place_and_deleted() -> None:
    def message(role: str, kind: str, text: str, name: str) -> dict[str, object]:
        return {"type": "message", "role": role, "id": name, "content": [{"type": kind, "text": text}]}

    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("conversation.item.create", item=message("user", "input_text", "hi", "a"))
        await client.send("conversation.item.create", item=message("assistant", "output_text", "hello", "b"))
        first = message("system", "input_text", "Be kind.", "c")
        await client.send("conversation.item.create", item=first, previous_item_id="root")
        await client.send("conversation.item.delete", item_id="b")
        await client.last("conversation.item.deleted")
        nowhere = message("user", "input_text", "x", "d")
        for kind, members, code in (
            ("conversation.item.delete", {"item_id": "b"}, "item_delete_invalid_item_id"),
            ("conversation.item.retrieve", {"item_id": "b"}, "item_retrieve_invalid_item_id"),
            ("conversation.item.create", {"item": first}, "item_create_duplicate"),
            (
                "conversation.item.create",
                {"item": nowhere, "previous_item_id": "b"},
                "item_create_invalid_previous_item_id",
            ),
            ("conversation.item.create", {"item": message("assistant", "output_audio", "x", "d")}, "invalid_value"),
            (
                "conversation.item.truncate",
                {"item_id": "b", "content_index": 0, "audio_end_ms": 0},
                "item_truncate_invalid_item_id",
            ),
            (
                "conversation.item.truncate",
                {"item_id": "a", "content_index": 0, "audio_end_ms": 0},
                "invalid_value",
            ),
        ):
            assert (await client.refusal(kind, **members))["code"] == code

    assert play(scene).sessions[0].conversation.lines == [("system", "Be kind."), ("user", "hi")]


def test_a_function_is_called_and_its_output_belongs_to_it() -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        client.emulator.script.answers.append((Say("one moment"), CallFunction("look_up", '{"name": "Ann"}')))
        await client.send("response.create")
        events = await client.until("response.done")
        (done,) = [event for event in events if event["type"] == "response.function_call_arguments.done"]
        assert (done["name"], done["arguments"], done["output_index"]) == ("look_up", '{"name": "Ann"}', 1)
        output = {"type": "function_call_output", "output": "{}"}
        error = await client.refusal("conversation.item.create", item=output | {"call_id": "other"})
        assert error["code"] == "invalid_tool_call_id"
        await client.send("conversation.item.create", item=output | {"call_id": done["call_id"]})
        await client.last("conversation.item.done")

    kinds = [item.kind for item in play(scene).sessions[0].conversation]
    assert kinds == ["message", "function_call", "function_call_output"]


def test_a_response_outside_the_conversation_reads_a_text_and_leaves_no_trace() -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        client.emulator.script.wrong = "stall"
        await client.send("response.create")
        await client.last("response.output_audio.delta")
        client.emulator.script.wrong = None
        text = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "read this"}]}
        await client.send("response.create", response={"conversation": "none", "input": [text]})
        response = (await client.last("response.done"))["response"]
        assert response["conversation_id"] is None
        assert response["output"][0]["content"][0]["transcript"] == "read this"
        second = await client.refusal("response.create")
        assert second["code"] == "conversation_already_has_active_response"

    assert play(scene).sessions[0].conversation.lines == [("assistant", "all")]


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ({"type": "response.stop"}, "invalid_value", "type"),
        (
            {"type": "response.create", "response": {"modalities": ["audio"]}},
            "unknown_parameter",
            "response.modalities",
        ),
        ({"type": "session.update", "session": {}}, "missing_required_parameter", "session.type"),
        ({"type": "session.update", "session": {"type": "transcription"}}, "invalid_value", "session.type"),
        (
            {"type": "session.update", "session": {"type": "realtime", "input_audio_format": "g711_ulaw"}},
            "unknown_parameter",
            "session.input_audio_format",
        ),
        (
            {"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"format": "g711_ulaw"}}}},
            "invalid_type",
            "session.audio.input.format",
        ),
        (
            {"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text", "audio"]}},
            "invalid_value",
            "session.output_modalities",
        ),
        (
            {"type": "session.update", "session": {"type": "realtime", "model": "gpt-realtime-2"}},
            "invalid_value",
            "session.model",
        ),
        ({"type": "input_audio_buffer.append", "audio": "*"}, "invalid_value", "audio"),
        ({"type": "response.cancel"}, "response_cancel_not_active", None),
    ],
)
def test_what_the_interface_does_not_know_is_refused_by_name(
    event: dict[str, object], code: str, param: str | None
) -> None:
    async def scene(client: Client) -> None:
        kind = str(event["type"])
        error = await client.refusal(kind, **{name: value for name, value in event.items() if name != "type"})
        assert (error["code"], error["param"]) == (code, param)

    play(scene)


def test_the_voice_stays_once_it_was_heard() -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        await client.last("response.done")
        update = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
        assert (await client.refusal("session.update", session=update))["code"] == "cannot_update_voice"

    play(scene)


def test_a_stranger_and_an_unknown_model_are_turned_away() -> None:
    async def main() -> None:
        emulator = OpenAIRealtime()
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            base = f"ws{origin.removeprefix('http')}/v1"
            async with AsyncOpenAI(api_key=KEY, websocket_base_url=base, base_url=f"{origin}/v1") as client:
                with pytest.raises(Exception, match="404"):
                    await client.realtime.connect(model="gpt-realtime-9").enter()
                emulator.script.wrong = "refused"
                with pytest.raises(Exception, match="401"):
                    await client.realtime.connect(model=MODEL).enter()

    asyncio.run(main())


def test_one_origin_transcribes_and_converses() -> None:
    async def main() -> None:
        emulator = OpenAISpeech()
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            base = f"ws{origin.removeprefix('http')}/v1"
            async with AsyncOpenAI(api_key=KEY, websocket_base_url=base) as client:
                async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
                    created = await connection.recv()
                    assert created.type == "session.created"
                    assert created.session.type == "transcription"
                async with client.realtime.connect(model=MODEL) as connection:
                    created = await connection.recv()
                    assert created.type == "session.created"
                    assert created.session.type == "realtime"

    asyncio.run(main())
