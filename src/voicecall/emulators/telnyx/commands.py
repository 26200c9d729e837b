"""What a request to the REST API asks for, checked as Telnyx checks it. Pure.

Source: Telnyx docs `api-reference/call-commands`. Parameters that are not listed here are refused, so that a misspelt
one does not go unnoticed.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from .errors import ApiError

LONGEST_SPEECH = 3000
"""Characters of a `speak`."""
LONGEST_URL = 2000
LONGEST_CALL = 14400
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_POINTER = re.compile(r" - at `\$\.([a-z_0-9.\[\]]+)`$")
_MISSING = re.compile(r"Object missing required field `([a-z_]+)`")

Millis = Annotated[int, msgspec.Meta(ge=0, le=600_000)]
Codec = Literal["PCMU", "PCMA", "G722", "OPUS", "AMR-WB", "L16"]
Legs = Literal["self", "opposite", "both"]
Engine = Literal["Google", "Telnyx", "Deepgram", "Azure", "xAI", "AssemblyAI", "Speechmatics", "Soniox", "A", "B"]
_Keys = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-D#*wW]+$", max_length=64)]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every command can carry."""

    client_state: str | None = None
    command_id: str = ""

    def __post_init__(self) -> None:
        if self.client_state is not None:
            try:
                b64decode(self.client_state, validate=True)
            except ValueError:
                raise ValueError("client_state is not base64") from None


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the `custom_parameters` of a media stream."""

    name: str
    value: str


class StartStreaming(Command, frozen=True, kw_only=True):
    """How a media stream is to be."""

    stream_url: str = ""
    stream_track: Literal["inbound_track"] = "inbound_track"
    stream_codec: Codec | Literal["default"] = "default"
    stream_bidirectional_mode: Literal["mp3", "rtp"] = "mp3"
    stream_bidirectional_codec: Codec = "PCMU"
    stream_bidirectional_target_legs: Legs = "opposite"
    stream_bidirectional_sampling_rate: Literal[8000, 16000, 22050, 24000, 48000] | None = None
    stream_auth_token: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    custom_parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stream_url:
            _check_url("stream_url", self.stream_url, "wss", "ws")


class StopStreaming(Command, frozen=True, kw_only=True):
    """End the media stream."""

    stream_id: str = ""


class StartTranscription(Command, frozen=True, kw_only=True):
    """Which speech is to be told in writing."""

    transcription_engine: Engine = "Google"
    transcription_engine_config: dict[str, object] = {}
    transcription_tracks: Literal["inbound", "outbound", "both"] = "inbound"

    @property
    def interim(self) -> bool:
        """Whether results are told before they are final."""
        return self.transcription_engine_config.get("interim_results", True) is not False


class StopTranscription(Command, frozen=True, kw_only=True):
    """Tell no more of what is said."""


class _Answered(StartStreaming, frozen=True, kw_only=True):
    """What can be asked for in advance, to be done when the call is answered; recording is accepted, but not done."""

    transcription: bool = False
    transcription_config: StartTranscription = StartTranscription()
    send_silence_when_idle: bool = False
    preferred_codecs: str = ""
    record: str = ""
    record_channels: str = ""
    record_format: str = ""

    def streaming(self) -> StartStreaming:
        """Return how the media stream is to be; only a command of its own gives it parameters."""
        return msgspec.structs.replace(self, custom_parameters=())


class Answer(_Answered, frozen=True, kw_only=True):
    """Pick up."""

    def streaming(self) -> StartStreaming:
        """Return how the media stream is to be; only a command of its own, or a dial, gives it a token and a rate."""
        wanted = super().streaming()
        return msgspec.structs.replace(wanted, stream_auth_token="", stream_bidirectional_sampling_rate=None)


class DetectionConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The thresholds of machine detection."""

    total_analysis_time_millis: Millis = 3500
    after_greeting_silence_millis: Millis = 800
    between_words_silence_millis: Millis = 50
    greeting_duration_millis: Millis = 3500
    greeting_silence_duration_millis: Millis = 1500
    greeting_total_analysis_time_millis: Millis = 5000
    initial_silence_millis: Millis = 3500
    maximum_number_of_words: int = 5
    maximum_word_length_millis: Millis = 3500
    silence_threshold: int = 256


Detecting = Literal["disabled", "detect", "detect_beep", "detect_words", "greeting_end", "premium"]


class Dial(_Answered, frozen=True, kw_only=True):
    """A call that is to be placed. Times in seconds."""

    connection_id: str
    to: str
    from_: str = msgspec.field(name="from")
    from_display_name: str = ""
    timeout_secs: Annotated[int, msgspec.Meta(ge=5, le=600)] = 30
    time_limit_secs: Annotated[int, msgspec.Meta(ge=60, le=LONGEST_CALL)] = LONGEST_CALL
    answering_machine_detection: Detecting = "disabled"
    answering_machine_detection_config: DetectionConfig = DetectionConfig()
    send_digits_on_answer: _Keys | Literal[""] = ""
    webhook_url: str = ""
    webhook_url_method: Literal["POST"] = "POST"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.webhook_url:
            _check_url("webhook_url", self.webhook_url, "https", "http")
        for name, number in (("to", self.to), ("from", self.from_)):
            if _E164.fullmatch(number) is None:
                raise ApiError("10016", f"The '{name}' parameter must be in E164 format.", f"/{name}")


class Reject(Command, frozen=True, kw_only=True):
    """Turn an incoming call away."""

    cause: Literal["CALL_REJECTED", "USER_BUSY", "NOT_FOUND", "TEMPORARILY_UNAVAILABLE"]


class HangUp(Command, frozen=True, kw_only=True):
    """End the call."""

    reason: str = ""


class Speak(Command, frozen=True, kw_only=True):
    """Say something, after what is being said and what waits to be."""

    payload: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_SPEECH)]
    voice: Annotated[str, msgspec.Meta(min_length=1)]
    payload_type: Literal["text"] = "text"
    language: str = ""
    service_level: Literal["basic", "premium"] = "premium"
    stop: Literal["current", "all"] | None = None
    target_legs: Legs = "self"


class StopPlayback(Command, frozen=True, kw_only=True):
    """Fall silent."""

    stop: Literal["current", "all"] = "all"
    overlay: bool = False


class Gather(Command, frozen=True, kw_only=True):
    """Collect keys."""

    minimum_digits: Annotated[int, msgspec.Meta(ge=1, le=128)] = 1
    maximum_digits: Annotated[int, msgspec.Meta(ge=1, le=128)] = 128
    timeout_millis: Millis = 60_000
    initial_timeout_millis: Millis = 5000
    inter_digit_timeout_millis: Millis = 5000
    terminating_digit: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", ""] = "#"
    valid_digits: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]+$")] = "0123456789#*"
    gather_id: str = ""


class SendDtmf(Command, frozen=True, kw_only=True):
    """Press keys towards the phone."""

    digits: _Keys
    duration_millis: Annotated[int, msgspec.Meta(ge=100, le=500)] = 250


class UpdateClientState(Command, frozen=True, kw_only=True):
    """Change what every later webhook carries; this command takes no `command_id`."""

    client_state: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.command_id:
            raise ValueError("client_state_update takes no command_id")


ACTIONS: Mapping[str, type[Command]] = {
    "answer": Answer,
    "reject": Reject,
    "hangup": HangUp,
    "speak": Speak,
    "playback_stop": StopPlayback,
    "gather": Gather,
    "send_dtmf": SendDtmf,
    "streaming_start": StartStreaming,
    "streaming_stop": StopStreaming,
    "transcription_start": StartTranscription,
    "transcription_stop": StopTranscription,
    "client_state_update": UpdateClientState,
}
"""By the name in the path."""

_Form = TypeVar("_Form", bound=msgspec.Struct)


def read(body: bytes, form: type[_Form]) -> _Form:
    """Return what the body of a request asks for.

    Raises:
        ApiError: Telnyx would refuse it.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _refusal(str(error)) from None


def _refusal(problem: str) -> ApiError:
    """Return what Telnyx says about such a problem."""
    if missing := _MISSING.match(problem):
        return ApiError("10004", f"The '{missing[1]}' parameter is required.", f"/{missing[1]}")
    place = _POINTER.search(problem)
    pointer = "/" + place[1].replace(".", "/") if place else ""
    if problem.startswith("Invalid enum value"):
        return ApiError("10032", problem, pointer)
    if re.match(r"Expected `\w+` (of length )?[<>]", problem):
        return ApiError("10033", problem, pointer)
    return ApiError("10015", problem, pointer)


def _check_url(name: str, url: str, scheme: str, local_scheme: str) -> None:
    """Raise an ApiError for a URL that is too long, or not absolute, or not encrypted although it leaves the machine.

    Webhooks may go unencrypted anywhere.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise ApiError("10003", f"{name} is not a valid URL", f"/{name}") from None
    local = parts.scheme == local_scheme and (scheme == "https" or host in _LOOPBACK)
    if len(url) > LONGEST_URL or not host or not (parts.scheme == scheme or local):
        raise ApiError("10003", f"{name} is not a valid URL", f"/{name}")
