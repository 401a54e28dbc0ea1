"""A relay between the service and Redis: it can lose replies, and show two primaries to one service."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import random

from quizsvc.kit.processes import die_with_parent
from tests.chaos.controls import Controls

LOOKS_EVERY = 0.05  # seconds


def run_relay(socket: Path, primaries: Sequence[Path], controls: Path) -> None:
    """Serve until killed; a process of its own."""
    die_with_parent()
    asyncio.run(_Relay(primaries, Controls(controls)).serve(socket))


class _Relay:
    def __init__(self, primaries: Sequence[Path], controls: Controls) -> None:
        self.primaries, self.controls, self.numbers = primaries, controls, count()
        self.open: set[asyncio.StreamWriter] = set()

    async def serve(self, socket: Path) -> None:
        async with await asyncio.start_unix_server(self._relay, socket):
            generation = self.controls["generation"]
            while True:
                await asyncio.sleep(LOOKS_EVERY)
                if self.controls["generation"] != generation:
                    generation = self.controls["generation"]
                    for writer in list(self.open):
                        writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(self.numbers)
        side = number % 2 if self.controls["split"] else int(self.controls["primary"])
        self.open.add(writer)
        try:
            with suppress(OSError):
                up_reader, up_writer = await asyncio.open_unix_connection(self.primaries[side])
                self.open.add(up_writer)
                pumps = [self._pump(reader, up_writer, loses=False), self._pump(up_reader, writer, loses=True)]
                await asyncio.gather(*pumps)
                self.open.discard(up_writer)
        finally:
            self.open.discard(writer)
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, loses: bool) -> None:
        with suppress(OSError):
            while chunk := await source.read(65536):
                if loses and random() < self.controls["lose_reply"]:
                    break
                sink.write(chunk)
                await sink.drain()
        sink.close()
