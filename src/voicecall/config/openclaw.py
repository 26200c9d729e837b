"""Reading an OpenClaw configuration of its voice-call plugin as ours. A table of keys, and a walk over it.

Three shapes are understood: a whole OpenClaw file, `{"voice-call": {enabled, config}}`, and the bare block. An absent
key takes our default.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from voicecall.core.ids import is_e164

from .keys import Path, Tree, dotted, items, member_of, own_spelling, section_of
from .model import Config
from .openclaw_keys import LEGACY, NO_COUNTERPART, RENAMED, VALUES, VENDORS
from .section import Section

_THEIR_MOUNT = "/voice/webhook"
"""Where OpenClaw has Tailscale mount the webhooks, whatever their path on this machine, unless it is told."""
_SWITCH = "has no counterpart: `voicecall serve` starts it"
_OFF = "was off, and nothing here is: start `voicecall serve` once calls are to be taken"

Told = tuple[Path, str]
"""A key as it was written, and what to say about it."""


@dataclass
class Translation:
    """An OpenClaw configuration in our keys."""

    tree: Tree = field(default_factory=dict)
    written: dict[Path, Path] = field(default_factory=dict)
    """For each of our paths, the path in the file."""
    warnings: list[Told] = field(default_factory=list)
    remarks: list[Told] = field(default_factory=list)
    """On keys that need no counterpart here."""
    faults: list[Told] = field(default_factory=list)
    enabled: bool = True
    keeps: bool = False
    """Whether `${NAME}` is left as it stands."""


def translate(raw: Tree, environ: Mapping[str, str], *, keep: bool = False) -> Translation | None:
    """Return what an OpenClaw configuration means here, or None when `raw` is not one.

    `keep` leaves `${NAME}` in values, rather than put in what the environment says.
    """
    told = Translation(keeps=keep)
    match raw:
        case {"plugins": {"entries": {"voice-call": dict(entry)}}}:
            return _entry(told, entry, ("plugins", "entries", "voice-call"), raw, environ)
        case {"plugins": _}:
            told.faults.append((("plugins",), "has no `entries.voice-call`, so this file configures no calls"))
            return told
        case {"voice-call": dict(entry)}:
            return _entry(told, entry, ("voice-call",), None, environ)
        case _:
            return _block(told, raw, (), None, environ) if _is_theirs(raw) else None


def _entry(told: Translation, entry: Tree, at: Path, whole: Tree | None, environ: Mapping[str, str]) -> Translation:
    block = entry.get("config", {})
    if not isinstance(block, dict):
        told.faults.append(((*at, "config"), "expected a table of keys"))
        return told
    _block(told, block, (*at, "config"), whole, environ)
    told.enabled = told.enabled and entry.get("enabled") is not False
    if "enabled" in entry:
        told.remarks.append(((*at, "enabled"), _SWITCH if told.enabled else _OFF))
    return told


def _is_theirs(raw: Tree) -> bool:
    """Say whether a bare block has a key that only OpenClaw knows."""
    if "numbers" in raw or "enabled" in raw:
        return True
    return any(_rule(path) is not None and not _respelled(path)[1] for path, _ in _leaves(raw, ()))


def _respelled(path: Path) -> tuple[Path, bool]:
    """Return a path in our spelling as far as it is one of ours, and whether all of it is."""
    annotation: object = Config
    for depth, part in enumerate(path):
        section, member = section_of(annotation), member_of(annotation)
        if section is not None and (name := own_spelling(section, part)) is not None:
            path = (*path[:depth], name, *path[depth + 1 :])
            annotation = section.model_fields[name].annotation
        elif member is not None and member[0] is dict:
            annotation = member[1]
        else:
            return path, False
    return path, True


def _block(told: Translation, block: Tree, at: Path, whole: Tree | None, environ: Mapping[str, str]) -> Translation:
    told.enabled = block.get("enabled") is not False
    leaves = sorted(_leaves(block, ()), key=lambda leaf: ".".join(leaf[0]) in LEGACY)
    if "enabled" in block:
        told.remarks.append(((*at, "enabled"), _SWITCH if told.enabled else _OFF))
    for path, value in leaves:
        meant = _expanded(told, (*at, *path), value, environ)
        if path != ("enabled",) and not (meant is None and told.keeps):
            _leaf(told, path, (*at, *path), meant)
    _tunnel(told, block, at)
    if whole is not None:
        _gateway(told, whole, environ)
    elif "model" in _table(told.tree, ("brain",)):
        _put(told, ("brain", "kind"), "model", (*at, "responseModel"))
    else:
        told.warnings.append((at, "names no agent of its own, so the demo agent answers: set brain.kind for another"))
    for number, line in _table(told.tree, ("lines",)).items():
        if whole is None and isinstance(line, dict) and "model" in _table(line, ("brain",)):
            _put(told, ("lines", number, "brain", "kind"), "model", (*at, "numbers", number))
    return told


def _tunnel(told: Translation, block: Tree, at: Path) -> None:
    """Leave out what was said to Tailscale where it has no part, and say where it mounts by itself where it has one."""
    tunnel, mode = _table(told.tree, ("tunnel",)), (*at, "tailscale", "mode")
    if tunnel.get("provider") == "none" and (named := _table(block, ("tailscale",)).get("mode")) in ("serve", "funnel"):
        told.warnings = [one for one in told.warnings if one[0] != mode]
        told.warnings.append((told.written["tunnel", "provider"], "is left out: tailscale.mode counts"))
        tunnel["provider"], told.written["tunnel", "provider"] = f"tailscale-{named}", mode
    if tunnel.get("provider") == "ngrok":
        for name in ("port", "path"):
            source = told.written.get(("tunnel", name), ())
            if source[-2:-1] == ("tailscale",):
                del tunnel[name], told.written["tunnel", name]
                told.warnings.append((source, "is left out: the tunnel is ngrok's"))
    elif tunnel.get("provider") in ("tailscale-serve", "tailscale-funnel") and "path" in _table(block, ("serve",)):
        _put(told, ("tunnel", "path"), _THEIR_MOUNT, told.written["tunnel", "provider"])


def _leaves(block: Tree, at: Path) -> Iterator[tuple[Path, object]]:
    """Yield the values of the block; a table is one only where a rule speaks of it, or where it cannot be entered."""
    for key, value in block.items():
        path = (*at, key)
        enterable = isinstance(value, dict) and value and len(path) < 6 and not _is_reference(value)
        if enterable and isinstance(value, dict) and _rule(path) is None:
            yield from _leaves(value, path)
        else:
            yield path, value


def _is_reference(value: object) -> bool:
    return isinstance(value, dict) and (set(value) in ({"env"}, {"file"}) or {"source", "id"} <= set(value))


def _rule(path: Path) -> Path | str | None:
    """Return our path for one of theirs, or why there is none, as text; None when it is spelled alike."""
    if path[0] == "numbers" and len(path) > 2:
        inner = _rule(path[2:])
        return inner if inner is None or isinstance(inner, str) else ("lines", _number(path[1]), *inner)
    key = ".".join(path)
    if key in RENAMED:
        return tuple(RENAMED[key].split("."))
    if key in NO_COUNTERPART:
        return NO_COUNTERPART[key]
    return _vendor(path)


def _number(key: str) -> str:
    """Return a dialled number as E.164, where its digits say enough; OpenClaw compares digits alone."""
    digits = re.sub(r"[^0-9]", "", key)
    return f"+{digits}" if is_e164(f"+{digits}") else key


def _vendor(path: Path) -> Path | str | None:
    """Return our path for a key in a vendor's block: `tts.providers.<vendor>.<key>` or `tts.<vendor>.<key>`."""
    if path[0] not in VENDORS or len(path) < 2:
        return None
    room, known = VENDORS[path[0]]
    if path[1] == "providers":
        vendor, keys = path[2:3], path[3:]
    elif path[0] == "tts" and (path[1] in known or path[1] in ("microsoft", "edge")):
        vendor, keys = path[1:2], path[2:]
    else:
        return None
    if not vendor or not keys:
        return None if not vendor or vendor[0] in known else f"{vendor[0]} is not spoken to here"
    if vendor[0] not in known:
        return f"{vendor[0]} is not spoken to here"
    ours = {"apiKey": "api_key", "baseUrl": "api_base_url", "modelId": "model", "speakerVoice": "voice"}
    ours |= {"speakerVoiceId": "voice", "voiceId": "voice", "languageCode": "language"}
    name = own_spelling(section_at((room, known[vendor[0]])), ours.get(keys[0], keys[0]))
    if name is not None:
        return (room, known[vendor[0]], name)
    return NO_COUNTERPART.get(f"{path[0]}.{keys[0]}", "has no counterpart here")


def section_at(path: Path) -> type[Section]:
    """Return the section that stands at `path`.

    Raises:
        KeyError: none does.
    """
    section: type[Section] = Config
    for part in path:
        inner = section_of(section.model_fields[part].annotation)
        if inner is None:
            raise KeyError(dotted(path))
        section = inner
    return section


def _leaf(told: Translation, path: Path, source: Path, value: object) -> None:
    rule = _rule(path)
    if isinstance(rule, str):
        told.warnings.append((source, f"is left out: {rule}"))
        return
    if rule is None and (meant := _nearest(path)):
        (told.warnings if told.keeps else told.faults).append((source, f"unknown key: did you mean `{meant}`?"))
        return
    target = (
        _respelled(("lines", *map(_number, path[1:2]), *path[2:]) if path[0] == "numbers" else path)[0]
        if rule is None
        else rule
    )
    meanings = VALUES.get(".".join(target[2:] if target[0] == "lines" else target))
    if meanings is not None and isinstance(value, str) and value in meanings:
        value = meanings[value]
        if value is None:
            told.warnings.append((source, "is left out: that vendor is not spoken to here, so the default holds"))
            return
    if (known := told.written.get(target)) not in (None, source) and _table(told.tree, target[:-1]).get(target[-1]):
        told.warnings.append((source, f"is left out: {dotted(known or ()).rpartition('voice-call.config.')[2]} counts"))
    _put(told, target, value, source)


def _nearest(path: Path) -> str:
    """Return the key of theirs that an unknown one looks like; nothing where it is known, or like none."""
    path = path[2:] if path[0] == "numbers" else path
    if not path or _respelled(path)[1]:
        return ""
    beside = {name.rpartition(".")[2]: name for name in (*RENAMED, *NO_COUNTERPART) if _parent(name) == path[:-1]}
    close = difflib.get_close_matches(path[-1], beside, n=1, cutoff=0.85)
    return beside[close[0]] if close else ""


def _parent(key: str) -> Path:
    return tuple(key.split(".")[:-1])


def _put(told: Translation, target: Path, value: object, source: Path) -> None:
    """Set a value, unless a key that counts for more has set it; rewritten keys are told where they stand."""
    table = told.tree
    for depth, part in enumerate(target[:-1], 1):
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        told.written.setdefault(target[:depth], source)
        table = inner
    if target[-1] not in table:
        table[target[-1]] = value
        told.written[target] = source


def _table(tree: Tree, path: Path) -> Tree:
    for part in path:
        inner = tree.get(part)
        if not isinstance(inner, dict):
            return {}
        tree = inner
    return tree


def _expanded(told: Translation, source: Path, value: object, environ: Mapping[str, str]) -> object:
    """Return the value with `${NAME}` replaced and references to secrets in our form."""
    match value:
        case {"source": "env", "id": str(name)}:
            return {"env": name}
        case {"source": "file", "id": str(name)}:
            return {"file": name}
        case {"source": str(other), "id": _}:
            unread = f'secrets of source {other} are not read here: write {{ env {"=" if told.keeps else ":"} "NAME" }}'
            (told.warnings if told.keeps else told.faults).append((source, unread))
            return None
        case None if told.keeps:
            told.warnings.append((source, "is left out: it has no value"))
            return None
        case str() if told.keeps:
            return value
        case str(text):
            missing = [name for name in re.findall(r"\$\{([A-Z_][A-Z0-9_]*)\}", text) if name not in environ]
            told.faults += [(source, f"the environment variable {name} is not set") for name in missing]
            return re.sub(r"\$\{([A-Z_][A-Z0-9_]*)\}", lambda found: environ.get(found[1], ""), text)
        case dict() if not _is_reference(value):
            return {key: _expanded(told, (*source, key), inner, environ) for key, inner in value.items()}
        case list():
            return [_expanded(told, (*source, key), inner, environ) for key, inner in items(value)]
        case _:
            return value


def _gateway(told: Translation, whole: Tree, environ: Mapping[str, str]) -> None:
    """Put the file's own gateway behind the calls."""
    at: Path = ("gateway",) if "gateway" in whole else ()
    gateway = _table(whole, ("gateway",))
    _put(told, ("brain", "kind"), "openclaw", at)
    url: object = f"http://127.0.0.1:{gateway.get('port', 18789)}"
    token, source = _table(gateway, ("auth",)).get("token"), ("gateway", "auth", "token")
    remote = _table(gateway, ("remote",))
    if gateway.get("mode") == "remote" and isinstance(remote.get("url"), str):
        url = re.sub(r"^ws", "http", str(remote["url"]))
        token, source = remote.get("token"), ("gateway", "remote", "token")
    _put(told, ("brain", "openclaw", "gateway_url"), url, at)
    if token is None and environ.get("OPENCLAW_GATEWAY_TOKEN"):
        token = environ["OPENCLAW_GATEWAY_TOKEN"]
    if token is not None:
        _put(told, ("brain", "openclaw", "token"), _expanded(told, source, token, environ), source)
