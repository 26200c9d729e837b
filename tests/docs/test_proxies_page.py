"""The page about proxies shows what is shipped in `deploy/`, and what that leads to is where the gateway listens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from voicecall.config.load import load
from voicecall.config.model import Config, Serve, Streaming
from voicecall.config.reference import reference
from voicecall.doctor.reasons import WHY
from voicecall.entrypoints.urls import stream_url

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TEXT = (ROOT / "docs" / "proxies.md").read_text("utf-8")
SHIPPED = {
    "nginx": ["nginx.conf"],
    "caddy": ["Caddyfile"],
    "yaml": ["traefik/traefik.yml", "traefik/voicecall.yml"],
}
OWN, OFF, KEPT = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
HERE = f"{Serve().bind}:{Serve().port}"


def configured(folder: Path, text: str) -> Config:
    file = folder / "voicecall.toml"
    file.write_text(text)
    loaded = load(file, {"TWILIO_AUTH_TOKEN": "t", "VOICECALL_STATE_DIR": str(folder)})
    assert loaded.warnings == ()
    return loaded.config


def streams(config: Config) -> str:
    """Where carriers open media streams."""
    assert config.public_url is not None
    return stream_url(config.public_url, config.serve.path, config.streaming.stream_path)


@pytest.mark.parametrize("language", SHIPPED)
def test_what_is_shown_is_what_is_shipped(language: str) -> None:
    shown = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert shown == [(DEPLOY / name).read_text("utf-8") for name in SHIPPED[language]]


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile", "traefik/voicecall.yml"])
def test_each_names_the_public_urls_that_go_with_it_and_leads_to_the_gateway(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    urls = [configured(tmp_path, block).public_url for block in (OWN, OFF)]
    assert re.findall(r'public_url = "(\S+)"', text) == urls
    assert set(re.findall(r"127\.0\.0\.1:\d+", text)) == {HERE}


def test_the_three_configurations_send_carriers_where_the_sites_are(tmp_path: Path) -> None:
    assert streams(configured(tmp_path, OWN)) == "wss://voice.example.com/voice/stream"
    for block in (OFF, KEPT):
        assert streams(configured(tmp_path, block)) == "wss://www.example.com:8443/agent/voice/stream"
    assert configured(tmp_path, OFF).serve.path == Serve().path
    assert configured(tmp_path, OWN).webhook_security.trusted_proxy_ips == ("127.0.0.1",)


def test_the_parts_of_traefiks_configuration_fit_together() -> None:
    fixed: dict[str, Any] = yaml.safe_load((DEPLOY / "traefik/traefik.yml").read_text("utf-8"))
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "traefik/voicecall.yml").read_text("utf-8"))["http"]
    assert f"`{Path(fixed['providers']['file']['filename']).parent}/traefik.yml`" in TEXT
    assert Path(fixed["providers"]["file"]["filename"]).name == "voicecall.yml"
    assert all(
        point["transport"]["respondingTimeouts"]["readTimeout"] == "2h" for point in fixed["entryPoints"].values()
    )
    ports = {name: point["address"] for name, point in fixed["entryPoints"].items()}
    found = {}
    for router in told["routers"].values():
        rule = re.fullmatch(r"Host\(`(\S+)`\) && PathPrefix\(`(\S+)`\)", router["rule"])
        assert rule is not None
        assert router["tls"]["certResolver"] in fixed["certificatesResolvers"]
        assert told["services"][router["service"]]["loadBalancer"]["servers"] == [{"url": f"http://{HERE}"}]
        (point,) = router["entryPoints"]
        start = rule[2]
        for name in router.get("middlewares", []):
            (prefix,) = told["middlewares"][name]["stripPrefix"]["prefixes"]
            start = start.removeprefix(prefix)
        found[f"{rule[1]}{ports[point]}"] = start
    assert found == {"voice.example.com:443": "/voice/", "www.example.com:8443": "/voice/"}
    for path in (Serve().path, Streaming().stream_path):
        assert path.startswith("/voice/")


def test_every_key_and_every_check_that_is_named_exists() -> None:
    keys = set(re.findall(r"^\| `([a-z_.]+)", reference(), re.MULTILINE))
    named = set(re.findall(r"`((?:serve|streaming|limits|webhook_security)\.[a-z_]+)`", TEXT))
    assert len(named) > 5
    assert named <= keys
    checks = set(re.findall(r"\| `([a-z-]+)`(?:, a warning)? \|$", TEXT, re.MULTILINE))
    assert len(checks) == 4
    assert checks <= set(WHY)
