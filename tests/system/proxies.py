"""Real reverse proxies with the configurations of `deploy/`, an authority that vouches for them, and distance."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DEPLOY = Path(__file__).parents[2] / "deploy"
_MAIN = """
daemon off;
pid nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
"""
_GLOBAL = "{\n\tadmin unix//FOLDER/admin\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
_PATIENCE = 10.0


class Authority:
    """A self-signed one. `certificate` is to be trusted; `chain` and `key` are a server's on this machine."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.chain, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        own, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = _named("an authority of the tests")
        about = x509.SubjectKeyIdentifier.from_public_key(own.public_key())
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        root = (
            _begun(name, name, own)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(about, critical=False)
            .sign(own, hashes.SHA256())
        )
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        )
        issued = (
            _begun(_named("localhost"), name, theirs)
            .add_extension(names, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(about), critical=False)
            .sign(own, hashes.SHA256())
        )
        self.certificate.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        self.chain.write_bytes(issued.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        self.key.write_bytes(theirs.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))

    @property
    def trust(self) -> ssl.SSLContext:
        """What a client needs that trusts it, and nobody else."""
        return ssl.create_default_context(cafile=self.certificate)


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def shipped_nginx(authority: Authority, ports: Sequence[int], gateways: Sequence[int]) -> str:
    """Return the shipped configuration, with our certificate, and two ports each in the order in which they stand."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for pattern, values in (
        (r"(?<=listen )\d+", [f"127.0.0.1:{port}" for port in ports]),
        (r"(?<=127\.0\.0\.1:)3334", gateways),
        (r"(?<=ssl_certificate_key )\S+(?=;)", (authority.key,) * 2),
        (r"(?<=ssl_certificate     )\S+(?=;)", (authority.chain,) * 2),
        (r"(?<=server_name )\S+(?=;)", ("localhost",) * 2),
    ):
        text = _each(pattern, values, text)
    return text


def shipped_caddyfile(authority: Authority, ports: Sequence[int], gateways: Sequence[int]) -> str:
    """Return the shipped configuration in the same way."""
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    trusted = f"\n\tbind 127.0.0.1\n\ttls {authority.chain} {authority.key}"
    text = _each(r"(?m)^\S+\.com(?::\d+)? \{$", [f"localhost:{port} {{{trusted}" for port in ports], text)
    return _GLOBAL + _each(r"(?<=127\.0\.0\.1:)3334", gateways, text)


def _each(pattern: str, values: Sequence[object], text: str) -> str:
    """Replace what is found by the values, one after the other; there must be one for each."""
    rest = iter(values)
    changed, count = re.subn(pattern, lambda _: str(next(rest)), text)
    assert count == len(values), (pattern, count)
    return changed


Reload = Callable[[str], None]
"""Loads a configuration anew."""


@contextmanager
def nginx(folder: Path, site: str, *ports: int) -> Iterator[Reload]:
    """Run nginx with a site, until the end of the block; it listens on these ports."""
    folder.mkdir(exist_ok=True)
    (folder / "nginx.conf").write_text(_MAIN)
    (folder / "site.conf").write_text(site)
    with _running(["nginx", "-p", str(folder), "-c", "nginx.conf"], folder, ports) as process:

        def reload(text: str) -> None:
            (folder / "site.conf").write_text(text)
            process.send_signal(signal.SIGHUP)

        yield reload


@contextmanager
def caddy(folder: Path, text: str, *ports: int) -> Iterator[Reload]:
    """Run Caddy with a Caddyfile in the same way."""
    folder.mkdir(exist_ok=True)
    file = folder / "Caddyfile"
    file.write_text(text.replace("FOLDER", str(folder)))
    with _running(["caddy", "run", "--config", "Caddyfile"], folder, ports):

        def reload(text: str) -> None:
            file.write_text(text.replace("FOLDER", str(folder)))
            command = ["caddy", "reload", "--config", "Caddyfile", "--address", f"unix/{folder}/admin"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603 - as above

        yield reload


@contextmanager
def _running(command: list[str], folder: Path, ports: tuple[int, ...]) -> Iterator[subprocess.Popen[bytes]]:
    said = folder / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a program that the preparation has installed
            command,
            cwd=folder,
            env={"PATH": "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin", "HOME": str(folder)},
            stdout=output,
            stderr=output,
        )
    try:
        for port in ports:
            _listening(process, port, said)
        yield process
    finally:
        process.terminate()
        process.wait()


def _listening(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    """Wait until something listens on a port."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < end, said.read_text()
            time.sleep(0.01)
        else:
            return


@contextmanager
def far_away(port: int, upstream: int, delay: float) -> Iterator[None]:
    """Pass connections on from one port to another, every byte `delay` seconds later, either way."""
    loop, up, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        road: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            data = b"-"
            while data:
                due, data = await road.get()
                await asyncio.sleep(due - loop.time())
                writer.write(data)
            writer.close()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(arrive())
            data = b"-"
            while data:
                try:
                    data = await reader.read(65536)
                except ConnectionError:
                    data = b""
                road.put_nowait((loop.time() + delay, data))

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_connections.add(cast("asyncio.Task[None]", asyncio.current_task()))
        inner, outer = await asyncio.open_connection("127.0.0.1", upstream)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(carry(reader, outer))
                tasks.create_task(carry(inner, writer))
        finally:
            for end in (outer, writer):
                end.close()
                with suppress(ConnectionError):
                    await end.wait_closed()

    async def main() -> None:
        server = await asyncio.start_server(accepted, "127.0.0.1", port)
        up.set()
        await stop.wait()
        server.close()
        for connection in open_connections:
            connection.cancel()
        if open_connections:
            await asyncio.wait(open_connections)

    open_connections: set[asyncio.Task[None]] = set()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(main())

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(_PATIENCE)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
