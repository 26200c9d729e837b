"""Named tokens of a running gateway: made, used, listed and revoked, and nowhere to be found."""

from __future__ import annotations

import httpx2
import pytest

from tests.e2e.daemon import COMMAND, PHONE, SHORT, Daemon, Program


@pytest.fixture
def made(gateway: Daemon) -> str:
    """A token that may read, called `reader`."""
    made = gateway.house.run("token", "create", "--label", "reader", "--may", "read", "--json")
    assert made.status == 0, made.err
    return str(made.json["token"])


def test_a_token_is_good_for_what_it_was_made_for_until_it_is_revoked(gateway: Daemon, made: str) -> None:
    bearer = {"Authorization": f"Bearer {made}"}
    try:
        with httpx2.Client(base_url=gateway.control, headers=bearer, trust_env=False) as http:
            assert http.get("/v1/calls").status_code == 200
            assert http.get("/metrics").status_code == 200
            answer = http.post("/v1/calls", json={"to": PHONE, "message": "Hello."})
            assert (answer.status_code, answer.json()["reason"]) == (403, "scope")
            assert http.get("/v1/tokens").json()["reason"] == "scope"
            assert [token["label"] for token in gateway.house.run("token", "list", "--json").json] == ["reader"]
            again = gateway.house.run("token", "create", "--label", "reader")
            assert (again.status, again.out) == (1, "")
            assert "'reader'" in again.complaint

            environment = {**gateway.house.environment, "VOICECALL_CONTROL_TOKEN": made}
            tail = Program([COMMAND, "tail"], gateway.house.folder, environment)
            gateway.final(gateway.place(SHORT))
            tail.wait_for(tail.out, lambda line: "call.ended" in line)
    finally:
        assert gateway.house.run("token", "revoke", "reader").status == 0
    assert tail.wait_for(tail.err, bool).startswith("voicecall: the daemon at")
    assert tail.end() == 1
    assert httpx2.get(f"{gateway.control}/v1/calls", headers=bearer, trust_env=False).status_code == 401
    assert gateway.house.run("token", "revoke", "reader").status == 2

    for kept in gateway.house.state.iterdir():
        assert made[3:].encode() not in kept.read_bytes(), kept
    assert made[3:] not in gateway.log
    gateway.logged("audit.done", "holder=control-token", "label=reader", "operation=tokens.create")
    gateway.logged("audit.refused", "holder=reader", "operation=initiate", "reason=scope", "door=rest")
