"""The terminal of this process, as somebody who can be asked."""

from __future__ import annotations

import getpass
import sys


class Console:
    """Questions on standard output, answers from standard input; hidden ones from the terminal itself."""

    def say(self, line: str = "") -> None:
        """Write a line, or several, without what would steer the terminal."""
        sys.stdout.write("".join(sign if sign.isprintable() or sign == "\n" else " " for sign in line) + "\n")
        sys.stdout.flush()

    def ask(self, prompt: str, *, hidden: bool = False) -> str:
        """Return what is typed behind the prompt.

        Raises:
            KeyboardInterrupt: they had enough, or the input has ended.
        """
        try:
            return getpass.getpass(prompt) if hidden else input(prompt)
        except EOFError:
            raise KeyboardInterrupt from None


def is_there() -> bool:
    """Say whether somebody sits at it."""
    return sys.stdin.isatty() and sys.stdout.isatty()
