"""A child process: its lines, its ends, its restarts; and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psutil  # type: ignore[import-untyped]
import pytest
import structlog
from structlog.testing import capture_logs

from voicecall.errors import NetworkError
from voicecall.net.process import LONGEST_LINE, Lines, Process, finish

PATIENCE = 10.0
ECHO = """
import sys
for line in sys.stdin:
    print("got " + line.rstrip("\\n"), flush=True)
"""


class Heard:
    """What a program said, and how it ended."""

    def __init__(self) -> None:
        self.lines: list[bytes | None] = []
        self.ends: list[str] = []
        self._news = asyncio.Event()

    def line(self, line: bytes | None) -> None:
        self.lines.append(line)
        self._news.set()

    def end(self, why: str) -> None:
        self.ends.append(why)
        self._news.set()

    async def until(self, *, lines: int = 0, ends: int = 0) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.lines) < lines or len(self.ends) < ends:
                self._news.clear()
                await self._news.wait()


def python(code: str) -> list[str]:
    return [sys.executable, "-Ic", code]


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(process.run())
        yield
        task.cancel()


def children() -> set[int]:
    """The process ids of ours, dead ones that nobody has taken note of included."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


class Watched:
    """A process that is alive, and its end."""

    def __init__(self, pid: int) -> None:
        self._file = os.pidfd_open(pid)

    def ends(self) -> bool:
        """Wait until it has ended."""
        try:
            return bool(select.select([self._file], [], [], PATIENCE)[0])
        finally:
            os.close(self._file)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before, files = children(), psutil.Process().num_fds()
    yield
    assert children() <= before
    assert psutil.Process().num_fds() <= files


def test_lines_go_in_and_come_out() -> None:
    async def main() -> None:
        heard = Heard()
        process = Process("echo", python(ECHO), receive=heard.line, opened=lambda: [b"hello"])
        process.send(b"early")
        async with running(process):
            await heard.until(lines=2)
            process.send("später".encode())
            await heard.until(lines=3)
        assert heard.lines == [b"got hello", b"got early", "got später".encode()]

    asyncio.run(main())


def test_a_program_is_told_of_the_end_and_may_leave_by_itself() -> None:
    async def main() -> None:
        heard = Heard()
        code = ECHO + "print('bye', flush=True)"
        process = Process("echo", python(code), receive=heard.line, opened=lambda: [b"a"], closing=lambda: [b"end"])
        async with running(process):
            await heard.until(lines=1)
        assert heard.lines == [b"got a", b"got end", b"bye"]
        assert (process.pid, heard.ends) == (None, [])

    asyncio.run(main())


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(os.getpid(), flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-Ic", "import os; " + deaf])
time.sleep(60)
"""


def test_a_program_that_will_not_leave_is_killed_with_its_children() -> None:
    async def main() -> Watched:
        heard = Heard()
        process = Process("stubborn", python(STUBBORN), receive=heard.line, grace=0.05)
        async with running(process):
            await heard.until(lines=1)
            return Watched(int(heard.lines[0] or 0))

    assert asyncio.run(main()).ends()


def test_a_program_that_left_children_behind_takes_them_along() -> None:
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-Ic", "import time; time.sleep(60)"])
print(child.pid, flush=True)
sys.stdin.readline()
sys.stdin.readline()
"""

    async def main() -> Watched:
        heard = Heard()
        process = Process("p", python(code), receive=heard.line, lost=heard.end, pauses=[60], grace=5)
        process.send(b"go")
        async with running(process):
            await heard.until(lines=1)
            grandchild = Watched(int(heard.lines[0] or 0))
            process.send(b"leave")
            await heard.until(ends=1)
            return grandchild

    assert asyncio.run(main()).ends()


def test_sigterm_is_enough_for_most() -> None:
    async def main() -> None:
        heard = Heard()
        code = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(print('term', flush=True)))\n"
        code += "print('up', flush=True)\nwhile True: time.sleep(60)"
        async with running(Process("p", python(code), receive=heard.line, grace=0.3)):
            await heard.until(lines=1)
        assert heard.lines == [b"up", b"term"]

    asyncio.run(main())


def test_a_program_that_dies_is_started_again_and_what_it_said_last_is_heard() -> None:
    async def main() -> None:
        heard = Heard()
        code = "import os, sys\nprint(sys.stdin.readline().strip(), flush=True)\nos._exit(3)"
        starts = iter([b"one", b"two", b"three"])
        process = Process(
            "p", python(code), receive=heard.line, lost=heard.end, opened=lambda: [next(starts)], pauses=[0, 0]
        )
        with pytest.raises(NetworkError) as error:
            await process.run()
        assert heard.lines == [b"one", b"two", b"three"]
        assert heard.ends == ["the program ended with exit status 3"] * 3
        assert str(error.value) == "p: the program ended with exit status 3, 3 times in a row"
        assert not error.value.retryable

    asyncio.run(main())


def test_the_signal_that_killed_it_is_told() -> None:
    async def main() -> None:
        heard = Heard()
        process = Process("p", python(ECHO), receive=heard.line, lost=heard.end, opened=lambda: [b"a"], pauses=[60])
        async with running(process):
            await heard.until(lines=1)
            assert process.pid is not None
            psutil.Process(process.pid).kill()
            await heard.until(ends=1)
        assert heard.ends == ["the program ended with signal 9"]

    asyncio.run(main())


def test_lines_sent_while_it_is_down_wait_unless_they_are_forgotten() -> None:
    async def main() -> None:
        heard = Heard()

        def lost(why: str) -> None:
            process.forget()
            process.send(b"new")
            heard.end(why)

        code = ECHO.replace("got ", "") + "    if line == 'die\\n': sys.exit(1)\n"
        process = Process("p", python(code), receive=heard.line, lost=lost, pauses=[0, 60])
        async with running(process):
            process.send(b"die")
            await heard.until(ends=1, lines=2)
        assert heard.lines == [b"die", b"new"]

    asyncio.run(main())


@pytest.mark.parametrize("command", [[], ["/nowhere/to/be/found"], ["/etc/passwd"]])
def test_what_cannot_be_started_is_told_at_once(command: list[str]) -> None:
    async def main() -> None:
        with pytest.raises(NetworkError, match="brain: cannot start") as error:
            await Process("brain", command, receive=Heard().line).run()
        assert not error.value.retryable

    asyncio.run(main())


def test_what_it_complains_of_is_counted_and_its_words_stay_where_words_may_be() -> None:
    async def main() -> None:
        heard = Heard()
        code = "import sys\nprint('the caller said hello', file=sys.stderr)\nprint('x' * 3, flush=True)\ninput()"
        async with running(Process("p", python(code), receive=heard.line)):
            await heard.until(lines=1)

    structlog.reset_defaults()
    with capture_logs() as logs:
        asyncio.run(main())
    said = [log for log in logs if log["event"] == "process.said"]
    ended = [log for log in logs if log["event"] == "process.ended"]
    assert said[0] == {
        "event": "process.said",
        "log_level": "debug",
        "program": "p",
        "line_number": 1,
        "text": "the caller said hello",
    }
    assert ended[0]["stderr_lines"] == len(said)


def test_a_program_that_does_not_read_keeps_nobody_waiting() -> None:
    async def main() -> None:
        heard = Heard()
        code = "import time\nprint('up', flush=True)\ntime.sleep(60)"
        process = Process("p", python(code), receive=heard.line, grace=0.05)
        async with running(process):
            await heard.until(lines=1)
            memory = psutil.Process().memory_info().rss
            for _ in range(100):
                process.send(bytes(1 << 20))
            assert psutil.Process().memory_info().rss - memory < 50 << 20

    asyncio.run(main())


@pytest.mark.parametrize("size", [1, 3, 100])
def test_lines_are_cut_wherever_the_chunks_are(size: int) -> None:
    raw = b"one\ntwo\r\n\n" + b"x" * 21 + b"\nthree\nrest"
    lines = Lines(longest=20)
    found = [line for start in range(0, len(raw), size) for line in lines.feed(raw[start : start + size])]
    assert found == [b"one", b"two", b"", None, b"three"]
    assert lines.feed(b" of it\n") == [b"rest of it"]


def test_a_line_may_be_as_long_as_a_mebibyte_and_no_longer() -> None:
    lines = Lines()
    assert lines.feed(b"x" * LONGEST_LINE + b"\n") == [b"x" * LONGEST_LINE]
    assert lines.feed(b"x" * (LONGEST_LINE + 1) + b"\n") == [None]


def test_a_program_that_ends_by_itself_tells_all_it_said_the_unended_last_line_too() -> None:
    async def main() -> None:
        code = "import sys; print('one'); sys.stdout.write('two'); sys.stderr.write('bad'); sys.exit(3)"
        ended = await finish("p", python(code), patience=PATIENCE)
        assert (ended.succeeded, ended.status, ended.out, ended.err) == (False, "exit status 3", "one\ntwo", "bad")
        assert (await finish("p", python("pass"), patience=PATIENCE)).succeeded

    asyncio.run(main())


def test_a_program_that_goes_on_waiting_is_left_once_it_said_enough() -> None:
    async def main() -> None:
        code = "import time; print('visit', flush=True); time.sleep(60)"
        ended = await finish("p", python(code), patience=PATIENCE, enough=lambda line: line == "visit")
        assert (ended.succeeded, ended.status, ended.out.strip()) == (False, "signal 15", "visit")

    asyncio.run(main())


def test_a_program_that_does_not_end_in_time_is_killed() -> None:
    async def main() -> None:
        with pytest.raises(NetworkError, match=r"p did not end within 0\.1 s") as error:
            await finish("p", python("import time; time.sleep(60)"), patience=0.1)
        assert error.value.code == "timeout"

    asyncio.run(main())


def test_what_it_complains_of_is_heard_and_it_has_the_environment_that_it_is_given() -> None:
    async def main() -> None:
        heard = Heard()
        code = "import os, sys; print(os.environ['SECRET'], 'PATH' in os.environ, file=sys.stderr); input()"
        process = Process("p", python(code), receive=heard.line, complained=heard.line, environ={"SECRET": "s"})
        async with running(process):
            await heard.until(lines=1)
        assert heard.lines[0] == b"s True"

    asyncio.run(main())
