"""Refuse in one clear sentence a machine on which nothing below could work. Runs before anything is installed."""

import importlib.util
import platform
import sys

system, machine = platform.system(), platform.machine()
if sys.version_info < (3, 11):  # noqa: UP036 - this file is run by whatever python3 is there
    sys.exit(
        f"quizsvc needs Python 3.11 or newer, this is {platform.python_version()}. Try: make PYTHON=python3.12 run"
    )
if system != "Linux" or machine not in ("x86_64", "aarch64"):
    sys.exit(f"quizsvc runs on Linux on x86-64 or aarch64; this is {system} on {machine}.")
if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
    sys.exit("quizsvc needs Python's venv with pip. On Debian or Ubuntu: apt-get install python3-venv")
