"""What every server under test does with a message: the mock carrier's media codec and a webhook's signature."""

import hashlib
import hmac
from binascii import b2a_base64

import msgspec

PAYLOAD = bytes(range(160))
"""20 ms of mu-law."""

SIGNING_KEY = b"0123456789abcdef0123456789abcdef"
SIGNATURE_HEADER = "X-Signature"
WEBHOOK_REPLY = b"<Response>" + b" " * 179 + b"</Response>"
"""200 bytes."""


class Media(msgspec.Struct, tag_field="event", tag="media"):
    """A media message of the mock carrier; msgspec undoes the base64."""

    chunk: int
    payload: bytes


class Stop(msgspec.Struct, tag_field="event", tag="stop"):
    """The end of a media stream, so that the decoder has a choice to make as a real one does."""


_decoder: msgspec.json.Decoder[Media | Stop] = msgspec.json.Decoder(Media | Stop)


def encode(payload: bytes) -> bytes:
    """Return the media message that carries `payload`."""
    return b'{"event":"media","chunk":1,"payload":"' + b2a_base64(payload, newline=False) + b'"}'


def echo(message: bytes | str) -> bytes:
    """Decode one media message to audio and encode that audio again; nothing for a stop."""
    match _decoder.decode(message):
        case Media(payload=payload):
            return encode(payload)
        case Stop():
            return b""


def sign(body: bytes) -> str:
    """Return the HMAC-SHA1 of a webhook's body, in hex."""
    return hmac.new(SIGNING_KEY, body, hashlib.sha1).hexdigest()


def is_signed(body: bytes, signature: str) -> bool:
    """Say whether `signature` belongs to `body`."""
    return hmac.compare_digest(sign(body), signature)
