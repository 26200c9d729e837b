"""Checks of the way in: the public URL, the path behind it, the stream's URL, who is believed, the tunnel."""

from __future__ import annotations

import ipaddress
import shutil
from importlib.util import find_spec
from urllib.parse import urlsplit

from voicecall.config.model import Config
from voicecall.entrypoints.urls import keeps_path, stream_url

from . import Check, fail, ok, warn
from .asking import is_near

_PROGRAMS = {"tailscale-funnel": "tailscale", "tailscale-serve": "tailscale", "cloudflared": "cloudflared"}
_INSIDE = (".local", ".internal", ".lan", ".home", ".localdomain")
_PROXIED = frozenset({"ngrok", "tailscale-funnel", "tailscale-serve", "cloudflared"})


def is_local(config: Config) -> bool:
    """Say whether the carrier that dials is on this machine, so that nothing needs to be reached from outside."""
    if config.provider == "mock":
        return True
    return is_near(getattr(config, config.provider).api_base_url)


def public_url(config: Config) -> Check:
    """See whether carriers can get to `public_url`, as far as its form tells."""
    url = config.public_url
    if url is None:
        if config.provider == "mock":
            return ok("public-url", "not needed: the mock network is on this machine")
        if config.tunnel.provider != "none":
            return ok("public-url", f"given by the tunnel ({config.tunnel.provider})")
        return fail(
            "public-url",
            f"public_url is missing: {config.provider} cannot reach this gateway, and outbound calls are refused",
            f'public_url = "https://YOUR-HOST{config.serve.path}", the address at which a proxy or tunnel is reached',
        )
    if is_local(config):
        found = _form(url)
        if found.level == "ok":
            return found
        return warn("public-url", f"only a carrier on this machine can use it: {found.message}", found.fix)
    return _form(url)


def _form(url: str) -> Check:
    """See whether a URL is one that somebody outside can use."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if reason := _unreachable(host):
        return fail(
            "public-url",
            f"{url} cannot be reached from the internet: {reason}",
            "write the public name of the proxy or tunnel in front of this gateway",
        )
    if parts.scheme != "https":
        return fail(
            "public-url",
            f"{url} is not encrypted, and carriers open media streams over TLS only",
            f"put TLS in front of the gateway and write https://{parts.netloc}{parts.path}",
        )
    if parts.port not in (None, 443):
        return warn(
            "public-url",
            f"{url} has port {parts.port}: carriers disagree whether the port is signed, and some let out 443 only",
            f"serve it on 443 and write https://{host}{parts.path}",
        )
    return ok("public-url", url)


def _unreachable(host: str) -> str:
    """Return why a host is of no use to somebody outside, or nothing."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or "." not in host or host.endswith(_INSIDE):
            return f"{host} is a name that only this network knows"
        return ""
    if address.is_loopback:
        return f"{host} is this machine itself"
    return "" if address.is_global else f"{host} is a private address"


def webhook_path(config: Config) -> Check:
    """See whether the path of `public_url` can arrive as `serve.path`."""
    url, path = config.public_url, config.serve.path
    if url is None or keeps_path(url, path):
        return ok("webhook-path", f"webhooks arrive at {path}")
    if config.streaming.public_url is not None:
        return ok("webhook-path", f"the proxy rewrites {urlsplit(url).path} to {path}")
    return warn(
        "webhook-path",
        f"public_url has the path {urlsplit(url).path}, and webhooks are expected at {path}: the proxy must rewrite it",
        f"end public_url with {path}, or set serve.path to what the proxy leaves and streaming.public_url",
    )


def signature(config: Config) -> Check:
    """See whether webhooks are verified, and by which URL."""
    security = config.webhook_security
    if config.skip_signature_verification:
        return warn(
            "signature",
            "skip_signature_verification is true: anybody who finds the URL can fake calls",
            "take skip_signature_verification out of the configuration",
        )
    if (
        config.provider != "mock"
        and security.trust_forwarding_headers
        and not (security.trusted_proxy_ips or config.public_url or security.allowed_hosts)
    ):
        return warn(
            "signature",
            "any program on this machine may say under which name it was reached (trust_forwarding_headers)",
            "set public_url, or webhook_security.allowed_hosts",
        )
    if config.provider != "mock" and config.tunnel.provider not in _PROXIED and not security.trusted_proxy_ips:
        return ok(
            "signature", "verified; no proxy is trusted, so that limits per address count the proxy as one client"
        )
    return ok("signature", "verified")


def stream(config: Config) -> Check:
    """See whether media streams can be opened, as far as their URL tells."""
    if not config.streaming.enabled:
        return ok("stream", "off: the carrier speaks and listens by itself")
    if config.public_url is None:
        return ok("stream", f"media streams arrive at {config.stream_path}")
    url = stream_url(config.public_url, config.serve.path, config.stream_path, config.stream_base)
    if url.startswith("ws://") and not is_local(config):
        return fail(
            "stream", f"carriers are sent to {url}, and open media streams over TLS only", "write https in public_url"
        )
    if urlsplit(url).hostname != urlsplit(config.public_url).hostname:
        return warn("stream", f"carriers are sent to {url}, another host than public_url's", "see that both lead here")
    return ok("stream", f"carriers are sent to {url}")


def tunnel(config: Config, *, down: bool = False) -> Check:
    """See whether what the tunnel needs is there. `down`: a daemon runs, and does not have it."""
    provider = config.tunnel.provider
    if provider == "none":
        return ok("tunnel", "none")
    if config.public_url is not None:
        message = f"public_url is written, and so is a tunnel ({provider}): signatures and streams go by public_url"
        return warn("tunnel", message, "leave out public_url where the tunnel's own address is meant")
    if provider == "ngrok" and config.tunnel.ngrok_auth_token is None:
        return warn(
            "tunnel",
            "ngrok wants the token of an account, unless its agent runs already",
            "set NGROK_AUTHTOKEN or tunnel.ngrok_auth_token",
        )
    if provider == "ngrok" and find_spec("ngrok") is None:
        return fail("tunnel", "the package `ngrok` is not installed", "pip install 'voicecall[ngrok]'")
    program = _PROGRAMS.get(provider)
    if program is not None and shutil.which(program) is None:
        return fail("tunnel", f"there is no program {program!r} on the PATH", f"install {program}, and log in")
    if down:
        message = f"the daemon runs, and its tunnel ({provider}) is not there: nobody outside reaches it"
        return fail("tunnel", message, "`tunnel.failed` in the log of the daemon says why, and what to do")
    return ok("tunnel", provider)
