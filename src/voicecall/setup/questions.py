"""What is asked, in which order, and what each answer leads to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from voicecall.config.check import vendor_of
from voicecall.config.environment import usual
from voicecall.plugins import Speech

from . import FILE, REACH, Answers, Around, Choice, Kind, Question, Step, Trial

CREDENTIALS: Mapping[str, tuple[Question, ...]] = {
    "twilio": (
        Question("twilio.account_sid", "--account-sid", "Account SID, from console.twilio.com", about="the account"),
        Question(
            "twilio.auth_token",
            "--auth-token",
            "Auth token, from the same page",
            Kind.SECRET,
            about="signs requests, verifies webhooks",
        ),
    ),
    "telnyx": (
        Question(
            "telnyx.api_key", "--api-key", "API key, from portal.telnyx.com", Kind.SECRET, about="authorises requests"
        ),
        Question(
            "telnyx.connection_id",
            "--connection-id",
            "Id of the Voice API application",
            about="the Voice API application",
        ),
        Question("telnyx.public_key", "--public-key", "Public key, from Keys & Credentials", about="verifies webhooks"),
    ),
    "plivo": (
        Question("plivo.auth_id", "--auth-id", "Auth id, from console.plivo.com", about="the account"),
        Question(
            "plivo.auth_token",
            "--auth-token",
            "Auth token, from the same page",
            Kind.SECRET,
            about="signs requests, verifies webhooks",
        ),
    ),
}
"""By carrier."""
_PROVIDER = Question(
    "provider",
    "--provider",
    "Which carrier places and takes the calls?",
    Kind.CHOICE,
    (
        Choice("mock", "a telephone network on this machine: needs nothing, reaches nobody"),
        Choice("twilio"),
        Choice("telnyx"),
        Choice("plivo"),
    ),
    usual="mock",
    about="the carrier that dials",
)
_REACH = Question(REACH, "--tunnel", "How does the carrier reach this machine?", Kind.CHOICE)
_PUBLIC_URL = Question(
    "public_url",
    "--public-url",
    "The URL at which the carrier posts, such as https://voice.example.com/voice/webhook",
    about="where the carrier posts, to the letter",
)
_NGROK = (
    Question(
        "tunnel.ngrok_auth_token",
        "--ngrok-token",
        "Token of the account at ngrok; none where an agent runs here",
        Kind.SECRET,
        needed=False,
        about="the account at ngrok",
    ),
    Question(
        "tunnel.ngrok_domain",
        "--ngrok-domain",
        "A domain that is reserved there",
        needed=False,
        about="a reserved domain, so that the URL stays",
    ),
)
_POLICY = Question(
    "inbound_policy",
    "--inbound-policy",
    "Who may call?",
    Kind.CHOICE,
    (
        Choice("disabled", "nobody"),
        Choice("allowlist", "some numbers"),
        Choice("pairing", "whoever tells you the code that they hear, and some numbers"),
        Choice("open", "everybody, at your cost"),
    ),
    usual="disabled",
    about="who may call: disabled, allowlist, pairing or open",
)
_BRAIN = Question(
    "brain.kind",
    "--brain",
    "Who answers?",
    Kind.CHOICE,
    (
        Choice("demo", "a small script, built in"),
        Choice("model", "a language model: OpenAI, Anthropic, Google, or a server like OpenAI's"),
        Choice("openclaw", "the agent of an OpenClaw gateway"),
        Choice("http", "a service of yours"),
        Choice("command", "a program of yours"),
        Choice("python", "a Python function of yours"),
    ),
    is_open=True,
    usual="demo",
    about="who answers",
)
_BRAINS: Mapping[str, tuple[Question, ...]] = {
    "fixed": (Question("brain.text", "--brain-text", "What is always answered?", about="what is always answered"),),
    "openclaw": (
        Question(
            "brain.openclaw.gateway_url",
            "--gateway-url",
            "Where does OpenClaw's gateway listen?",
            usual="http://127.0.0.1:18789",
            about="where OpenClaw's gateway listens",
        ),
        Question(
            "brain.openclaw.token",
            "--gateway-token",
            "Token of that gateway",
            Kind.SECRET,
            needed=False,
            about="its token",
        ),
    ),
    "http": (
        Question("brain.url", "--brain-url", "URL of the service", about="the service that answers"),
        Question(
            "brain.token", "--brain-token", "Bearer token for it", Kind.SECRET, needed=False, about="its bearer token"
        ),
    ),
    "command": (
        Question(
            "brain.command",
            "--brain-command",
            "The program and its arguments",
            Kind.COMMAND,
            about="the program that answers",
        ),
    ),
    "python": (
        Question(
            "brain.callable", "--brain-callable", "The function, as module:name", about="the function that answers"
        ),
    ),
}
_VENDORS: Mapping[Speech, tuple[str, tuple[str, ...]]] = {
    "stt": ("Who listens?", ("deepgram", "openai", "elevenlabs")),
    "tts": ("Who speaks?", ("elevenlabs", "cartesia", "deepgram", "openai")),
}
_OWN_NUMBER = Question(
    "to_number",
    "--to-number",
    "Your own telephone, which may be rung for a test (+15551234567)",
    needed=False,
    about="who is called where no number is named",
)


def steps(answers: Answers, around: Around) -> Iterator[Step]:
    """Yield what is asked and tried in view of these answers, up to where the next answer is needed to go on."""
    yield _PROVIDER
    carrier = str(answers.get("provider"))
    if carrier in CREDENTIALS:
        yield from _at_carrier(carrier, answers, around)
    yield _POLICY
    policy = answers.get("inbound_policy")
    if policy in ("allowlist", "pairing"):
        yield Question(
            "allow_from",
            "--allow-from",
            "Which numbers? Several are separated by commas",
            Kind.LIST,
            needed=policy == "allowlist",
            about="the numbers that may call",
        )
    yield Trial("inbound-policy", ("inbound_policy", "allow_from"))
    yield from _agent(answers)
    for part in _VENDORS:
        yield from _speech(part, answers, around)
    yield _OWN_NUMBER
    if around.file is None:
        places = tuple(Choice(str(place)) for place in around.places)
        yield Question(FILE, "--config", "Where is it to be written?", Kind.CHOICE, places, is_open=True)
    yield Trial("machine", ())


def following(answers: Answers, tried: Collection[str], around: Around) -> Step | None:
    """Return what comes next: the first question without an answer, or trial that was not made; None at the end."""
    for step in steps(answers, around):
        if step.name not in tried if isinstance(step, Trial) else step.key not in answers:
            return step
    return None


def _at_carrier(carrier: str, answers: Answers, around: Around) -> Iterator[Step]:
    yield from CREDENTIALS[carrier]
    yield Trial("credentials", tuple(question.key for question in CREDENTIALS[carrier]))
    own: Any = around.present.get(carrier)
    key = f"{carrier}.from_number" if isinstance(own, dict) and "from_number" in own else "from_number"
    yield Question(
        key,
        "--from-number",
        "Which number of the account calls, and is called? (+15551234567)",
        Kind.CHOICE,
        is_open=True,
        about="the number that calls, and is called",
    )
    yield Trial("number", (key,))
    yield _REACH
    way = answers.get(REACH)
    asked: tuple[Question, ...] = ()
    if way == "fixed":
        asked = (_PUBLIC_URL,)
    elif way == "ngrok":
        asked = _NGROK
    yield from asked
    yield Trial("way", (REACH, *(question.key for question in asked)))


def _agent(answers: Answers) -> Iterator[Step]:
    yield _BRAIN
    kind = str(answers.get("brain.kind"))
    asked = list(_BRAINS.get(kind, ()))
    yield from asked
    if kind == "model":
        asked = [
            Question(
                "brain.model",
                "--model",
                "Which model, as vendor:name? Such as anthropic:claude-haiku-4-5 or openai:gpt-5-mini",
                about="the language model, as vendor:name",
            )
        ]
        yield asked[0]
        asked.append(_model_key(str(answers.get("brain.model"))))
        yield asked[-1]
    yield Trial("brain", ("brain.kind", *(question.key for question in asked)))


def _model_key(model: str) -> Question:
    """Return what is asked about a model: its vendor's key, or where it is served."""
    if (vendor := vendor_of(model)) is not None:
        return Question(
            f"brain.{vendor}.api_key", "--model-key", f"API key of {vendor}", Kind.SECRET, about=f"the key of {vendor}"
        )
    return Question(
        "brain.base_url",
        "--model-url",
        "Where does its server listen? Such as http://127.0.0.1:11434/v1",
        needed=not model.startswith("ollama"),
        about="the model's server",
    )


def _speech(part: Speech, answers: Answers, around: Around) -> Iterator[Step]:
    text, vendors = _VENDORS[part]
    keyed = [name for name in vendors if usual(f"{part}.{name}.api_key", around.environ)]
    choices = [Choice("local", "this machine, English only")]
    choices += [Choice(name, "its key is in the environment") for name in keyed]
    choices += [Choice(name) for name in vendors if name not in keyed]
    chosen = f"{part}.provider"
    yield Question(
        chosen,
        f"--{part}",
        text,
        Kind.CHOICE,
        tuple(choices),
        is_open=True,
        usual="local",
        about="who listens" if part == "stt" else "who speaks",
    )
    name, key = answers.get(chosen), ""
    if name in vendors:
        key = f"{part}.{name}.api_key"
        yield Question(key, f"--{part}-key", f"API key of {name}", Kind.SECRET, about=f"the key of {name}")
    yield Trial(part, (chosen, key) if key else (chosen,))
