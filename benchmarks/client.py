"""The load client: keep-alive sockets and one selector, cheap enough not to be what is measured."""

import re
import selectors
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import perf_counter, sleep

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
PATIENCE_SECONDS = 30.0
DIAL_PAUSE_SECONDS = 0.002  # without it one worker often takes every connection, and the other one idles

Address = tuple[str, int]


@dataclass(frozen=True)
class Answer:
    """What came back, and how many seconds after the request was sent."""

    status: int
    head: bytes
    body: bytes
    seconds: float


@dataclass(frozen=True)
class Run:
    """`answers` in the order of the requests, and the seconds for all of them."""

    seconds: float
    answers: Sequence[Answer]


class Line:
    """One connection with one request under way at most; dialled again when the server hangs up, as sync workers do."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.number = 0
        self._dial()

    def _dial(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, number: int, request: bytes) -> None:
        self.number = number
        self.received = b""
        self.sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """The answer, once all of it is here."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed a connection without an answer")
        self.received += chunk
        end = self.received.find(END_OF_HEAD)
        if end < 0:
            return None
        head, body = self.received[: end + 2], self.received[end + len(END_OF_HEAD) :]
        length = CONTENT_LENGTH.search(head)
        if len(body) < (int(length[1]) if length else 0):
            return None
        return Answer(int(head[9:12]), head, body, perf_counter() - self.sent_at)

    def dial_again(self) -> None:
        self.socket.close()
        self._dial()


def drive(address: Address, requests: Sequence[bytes], *, connections: int) -> Run:
    """Send every request once, `connections` at a time, each as soon as one before it is answered."""
    with ExitStack() as stack:
        lines = [stack.enter_context(_dialled(address)) for _ in range(min(connections, len(requests)))]
        return _drive(lines, requests)


@contextmanager
def _dialled(address: Address) -> Iterator[Line]:
    line = Line(address)
    sleep(DIAL_PAUSE_SECONDS)
    try:
        yield line
    finally:
        line.socket.close()


def _drive(lines: Sequence[Line], requests: Sequence[bytes]) -> Run:
    waiting = iter(enumerate(requests))
    answers: dict[int, Answer] = {}
    with selectors.DefaultSelector() as selector:
        begun = perf_counter()
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(*next(waiting))
        while len(answers) < len(requests):
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer within {PATIENCE_SECONDS:.0f} seconds")
            for key, _ in ready:
                line = key.data
                answer = line.receive()
                if answer is not None:
                    answers[line.number] = answer
                    _go_on(line, answer, waiting, selector)
        seconds = perf_counter() - begun
    return Run(seconds, [answers[number] for number in range(len(requests))])


def _go_on(line: Line, answer: Answer, waiting: Iterator[tuple[int, bytes]], selector: selectors.BaseSelector) -> None:
    following = next(waiting, None)
    if following is None:
        selector.unregister(line.socket)
        line.socket.close()  # at once: a sync worker waits for it
        return
    if CLOSES.search(answer.head):
        selector.unregister(line.socket)
        line.dial_again()
        selector.register(line.socket, selectors.EVENT_READ, line)
    line.send(*following)
