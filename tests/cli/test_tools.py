"""`voicecall tool-schema` and `voicecall mcp`: what agents are given."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.daemon import Cli
from voicecall.entrypoints import tool
from voicecall.entrypoints.openapi import document


@pytest.mark.parametrize("form", ["json", "openai", "anthropic"])
def test_the_schema_is_the_one_that_mcp_shows(cli: Cli, form: tool.Form) -> None:
    for flags in ((), ("--json",)):
        ran = cli("tool-schema", "--for", form, *flags)
        assert (ran.status, json.loads(ran.out)) == (0, tool.document(form))


def test_without_a_form_it_is_plain_json_schema(cli: Cli) -> None:
    assert json.loads(cli("tool-schema").out)["$schema"].startswith("https://json-schema.org/")


def test_an_unknown_form_is_wrong_usage(cli: Cli) -> None:
    assert cli("tool-schema", "--for", "parrots").status == 2


def test_the_command_line_does_not_load_what_only_mcp_needs() -> None:
    program = "import sys, voicecall.cli; print(sorted({'mcp', 'mcp_types', 'starlette'} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_description_of_rest_needs_no_daemon(cli: Cli) -> None:
    for flags in ((), ("--json",)):
        ran = cli("openapi", *flags)
        assert (ran.status, json.loads(ran.out)) == (0, document())
