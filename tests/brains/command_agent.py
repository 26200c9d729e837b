"""A program that answers calls, for tests: does what the caller says. In the file that it is given it notes its end."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell(kind: str, **members: Any) -> None:
    write(json.dumps({"type": kind, **members}))


def answer(told: dict[str, Any], call: dict[str, Any]) -> None:
    number = told["turn"]
    match told["text"]:
        case "who":
            tell("text", text=json.dumps([call, told]))
        case "everything":
            tell("text", text="Grüße ")
            tell("text", text="to you.", turn=number)
            tell("press", digits="1w#")
            tell("outcome", disposition="greeted", summary="All well.", data={"times": 1})
            tell("hangup")
        case "wait":
            tell("text", text="Once ")
            return
        case "die":
            os._exit(3)
        case "die once":
            note = Path(sys.argv[1])
            if not note.exists():
                note.write_text("died", encoding="utf-8")
                os._exit(3)
            tell("text", text="Here I am again.")
        case "die amid":
            tell("text", text="Once ")
            os._exit(3)
        case "error":
            tell("error", message="My name is Bond.")
            return
        case "rubbish":
            write("My name is Bond.")
            write('{"type": "dance"}\n[]\n\n' + "x" * (1 << 21))
            tell("press", digits="Bond")
            tell("outcome")
            tell("text", text="All the same.")
        case "old":
            tell("text", text="old ", turn=number - 1)
            tell("done", turn=number - 1)
            tell("text", text="new", turn=number)
        case "much":
            for _ in range(20):
                tell("text", text="word " * 20_000)
        case "news":
            tell("say", text="By the way.")
            tell("text", text="")
        case _:
            pass
    tell("done")


def conclude(told: dict[str, Any]) -> None:
    match told["objective"]:
        case "nothing":
            tell("text", text="I do not know.")
            tell("done")
        case "error":
            tell("error")
        case "wait":
            return
        case _:
            evidence = [{"field": "asked", "line": 0, "quote": "Hello"}, "rubbish"]
            tell("outcome", turn=told["turn"], summary="It went well.", data={"asked": told}, evidence=evidence)


def main() -> None:
    call: dict[str, Any] = {}
    for line in sys.stdin:
        told = json.loads(line)
        match told["type"]:
            case "start":
                call = told
                sys.stderr.write("My name is Bond.\n")
            case "turn":
                answer(told, call)
            case "outcome":
                conclude(told)
            case "cancel":
                tell("text", text="too late")
                tell("say", text=f"cancelled {told['turn']}")
            case "end":
                Path(sys.argv[1]).write_text("ended", encoding="utf-8")
                return
            case _:
                pass


if __name__ == "__main__":
    main()
