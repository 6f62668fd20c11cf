"""The live view: one picture of the whole fleet, redrawn in place on a terminal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import tzinfo
from time import thread_time
from time import time as wall_clock
from typing import TYPE_CHECKING, Final, TextIO

from runner.events import Event, JobFinished, Notice, RunFinished, RunStarted, StepAdded
from runner.reporting.board import Board
from runner.reporting.frame import frame
from runner.reporting.page import Line, fitted, terminal_console, to_text
from runner.reporting.plain import JobLines
from runner.reporting.ticker import Ticker

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

_FASTEST: Final = 1 / 8
_SLOWEST: Final = 2.0
_CPU_SHARE: Final = 0.03
_MOST_LOG: Final = 1_000
_LEAST_PICTURE: Final = 14


class LiveView:
    """A subscriber that draws a board at most 8 times a second, on a thread of its own.

    A picture that is costly to draw is drawn less often, so that drawing takes about 3 % of one
    processor. With ``verbosity`` the plain lines of finished jobs scroll by above the picture,
    and lines of output show below it. At the end of the run the picture goes away.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        verbosity: int = 0,
        timezone: tzinfo | None = None,
        console: Console | None = None,
        now: Callable[[], float] = wall_clock,
    ) -> None:
        self._stream = stream
        self._console = console
        self._now = now
        self._lock = threading.Lock()
        self._board = Board(tail=verbosity > 0)
        self._log_lines = JobLines(verbosity=verbosity, timezone=timezone, compact=True)
        self._logs_jobs = verbosity > 0
        self._log: deque[Line] = deque()
        self._log_left_out = 0
        self._live: Live | None = None
        self._ticker: Ticker | None = None

    def handle(self, event: Event) -> None:
        """Take in one event; the picture follows within a moment."""
        with self._lock:
            self._board.take(event)
            self._add_log(event)
        if isinstance(event, RunStarted):
            self._start()
        elif isinstance(event, RunFinished):
            self.close()

    def close(self) -> None:
        """Take the picture away and give the terminal back. May be repeated."""
        if self._ticker:
            self._ticker.stop()
            self._ticker = None
        if self._live:
            live, self._live = self._live, None
            self._print_log(live.console)
            live.stop()

    def picture(self, cells: int, height: int) -> list[Line]:
        """The lines to show now on a terminal of this size."""
        fancy = self._console is None or not self._console.options.ascii_only
        with self._lock:
            return frame(self._board, cells=cells, height=height, now=self._now(), fancy=fancy)

    def _start(self) -> None:
        from rich.live import Live

        if self._console is None:
            self._console = terminal_console(self._stream)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=True,  # a library's warning must not tear the picture
            vertical_overflow="crop",
            get_renderable=self._renderable,
        )
        self._live.start()
        self._ticker = Ticker(self._tick, first=_FASTEST, name="live-view")
        self._ticker.start()

    def _renderable(self) -> RenderableType:
        from rich.text import Text

        console = self._console
        if console is None:
            return ""
        # The last column and line stay free: terminals wrap or scroll when they are written.
        height = console.height - 1
        if self._logs_jobs:
            height = min(height, max(_LEAST_PICTURE, height * 2 // 3))
        lines = self.picture(console.width - 1, height)
        picture = Text("\n", no_wrap=True, overflow="crop").join(map(to_text, lines))
        picture.no_wrap, picture.overflow = True, "crop"
        return picture

    def _tick(self) -> float | None:
        live = self._live
        if live is None:
            return None
        began = thread_time()
        try:
            self._print_log(live.console)
            live.refresh()
        except (OSError, ValueError):
            return None  # nobody sees it any more; the run goes on
        used = thread_time() - began
        return min(_SLOWEST, max(_FASTEST, used / _CPU_SHARE))

    def _add_log(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._log_lines.start(event)
        elif isinstance(event, StepAdded):
            self._log_lines.add(event.step)
        lines: list[Line] = []
        if isinstance(event, Notice):
            lines = [self._log_lines.notice(event)]
        elif isinstance(event, JobFinished) and self._logs_jobs:
            lines = list(self._log_lines.finished(event))
        for content in lines:
            if len(self._log) >= _MOST_LOG:
                self._log_left_out += 1
            else:
                self._log.append(content)

    def _print_log(self, console: Console) -> None:
        """Print the lines that wait, above the picture, all at once."""
        from rich.text import Text

        with self._lock:
            lines, left_out = list(self._log), self._log_left_out
            self._log.clear()
            self._log_left_out = 0
        if not lines:
            return
        texts = [text for content in lines for text in fitted(content, console.width)]
        if left_out:
            texts.append(Text(f"… {left_out} more lines", end=""))
        console.print(Text("\n").join(texts), highlight=False, soft_wrap=True)
