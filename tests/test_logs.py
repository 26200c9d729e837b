import errno
import io
import json
import logging
from pathlib import Path

import pytest
import structlog

from voicecall.logs import LogOptions, configure

NUMBER = "+15551234567"


def test_an_event_is_one_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogOptions())
    structlog.get_logger().info("call.ended", call_id="01CALL", detail="two\nlines", turns=3)
    structlog.get_logger().debug("too.small")
    line = capsys.readouterr().err
    assert line.endswith('Z info    call.ended call_id=01CALL detail="two\\nlines" turns=3\n')
    assert line.count("\n") == 1


def test_an_event_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogOptions(format="json", level="debug"))
    structlog.get_logger().debug("stream.started", call_id="01CALL", stream_id="ms_1")
    event = json.loads(capsys.readouterr().err)
    assert event.pop("at").endswith("Z")
    assert event == {"event": "stream.started", "level": "debug", "call_id": "01CALL", "stream_id": "ms_1"}


def test_numbers_show_their_last_four_digits_wherever_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogOptions(format="json"))
    structlog.get_logger().info(
        "call.placed",
        from_=NUMBER,
        to="15551234567",
        detail=f"dialling {NUMBER} failed",
        url="https://x/?From=%2B15551234567&To=15551234567",
        nested={"caller": "5551234567", "list": [NUMBER]},
        call_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        uuid="0d3ff2ab-1111-2222-3333-444455556666",
        port=3334,
        at_ms=1763719200000,
    )
    text = capsys.readouterr().err
    assert "555123" not in text
    event = json.loads(text)
    assert (event["from_"], event["to"], event["detail"]) == ("…4567", "…4567", "dialling …4567 failed")
    assert event["nested"] == {"caller": "…4567", "list": ["…4567"]}
    assert (event["call_id"], event["port"]) == ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 3334)
    assert (event["uuid"], event["at_ms"]) == ("0d3ff2ab-1111-2222-3333-444455556666", 1763719200000)


def test_words_are_logged_only_when_that_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    for transcripts in (False, True):
        configure(LogOptions(transcripts=transcripts))
        structlog.get_logger().info("line.said", text="hello there", data={"heard": "hello"}, reply=1)
        text = capsys.readouterr().err
        assert ("hello" in text) is transcripts
        assert "reply=1" in text


def test_secrets_are_never_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogOptions(transcripts=True))
    structlog.get_logger().info("x", auth_token="swordfish", token="swordfish", data={"api_key": "swordfish"})
    assert "swordfish" not in capsys.readouterr().err


def test_a_crash_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogOptions())
    try:
        raise RuntimeError(NUMBER)
    except RuntimeError as error:
        structlog.get_logger().error("call.crashed", exc_info=error)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "RuntimeError: …4567" in line


def test_libraries_speak_in_our_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogOptions())
    logging.getLogger("somewhere").warning("from %s", NUMBER)
    logging.getLogger("somewhere").info("chatter")
    assert capsys.readouterr().err.endswith('warning library.log logger=somewhere detail="from …4567"\n')


def test_a_file_gets_the_same_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogOptions(file=str(tmp_path / "voicecall.log")))
    structlog.get_logger().info("call.ended", call_id="01CALL")
    assert (tmp_path / "voicecall.log").read_text("utf-8") == capsys.readouterr().err
    with pytest.raises(FileNotFoundError):
        configure(LogOptions(file=str(tmp_path / "no" / "voicecall.log")))


def test_a_line_that_cannot_be_written_is_lost_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    configure(LogOptions())
    monkeypatch.setattr("sys.stderr", Full())
    structlog.get_logger().info("call.ended", call_id="01")
