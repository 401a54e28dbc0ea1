"""The settings: one frozen object, read from the environment in one place."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "QUIZSVC_"
WECHAT_API_BASE = "https://api.weixin.qq.com"
REDIS_SCHEMES = ("redis://", "rediss://", "unix://", "redis+sentinel://", "redis+cluster://")
SHORTEST_KEY = 32
MESSAGE_KINDS = ("won", "expiring")
# What a field of a message may say, and the kinds of fields that WeChat lets say it.
MESSAGE_WORDS = {
    "campaign": ("thing",),
    "prize": ("thing",),
    "note": ("thing",),
    "until": ("time", "date"),
    "won": ("time", "date"),
}
FIELD = re.compile(r"([a-z]+)\d{1,2}=([a-z]+)", re.ASCII)
USUAL_FIELDS = (("thing1", "campaign"), ("thing2", "prize"), ("time3", "until"))


class SettingsRefused(Exception):
    """Settings that are missing or cannot work, each named with what to do."""


@dataclass(frozen=True)
class Template:
    """A subscribe message as the office chose it at WeChat: which of its fields says what."""

    id: str
    fields: tuple[tuple[str, str], ...] = USUAL_FIELDS


@dataclass(frozen=True)
class WeChatSettings:
    """How to reach WeChat. `kind` says whose openids these are: they differ between the two.

    `templates` by kind of message; a kind without one is not sent. `page`: what a tap on a message opens.
    """

    appid: str
    secret: str = field(repr=False)
    kind: Literal["miniprogram", "web"] = "miniprogram"
    api_base: str = WECHAT_API_BASE
    templates: Mapping[str, Template] = field(default_factory=dict)
    page: str = ""


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two installations.

    `wechat` is None only in the embedded run and in tests of it: then any code logs in as that code's citizen.
    """

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    identity_key: str = field(repr=False)
    wechat: WeChatSettings | None
    trusted_proxies: tuple[str, ...] = ()
    question_second_person: bool = False


def environment() -> Mapping[str, str]:
    """The process environment; the one place that reads it."""
    return os.environ  # noqa: TID251


def data_dir(env: Mapping[str, str]) -> Path:
    """The embedded run's folder."""
    return Path(env.get(f"{PREFIX}DATA_DIR") or "quizsvc-data").absolute()


NEEDED = {
    "DATABASE_URL": "say postgresql+psycopg://user:password@host/quizsvc",
    "REDIS_URL": "say redis://host:6379/0",
    "SECRET_KEY": "random, comma-separated, newest first",
    "IDENTITY_KEY": "random, set once, never changed",
    "WECHAT_APPID": "the mini-program's or the website's AppID",
    "WECHAT_SECRET": "its AppSecret",
}


def settings_from(env: Mapping[str, str]) -> Settings:
    """The production settings, or SettingsRefused naming every one that is missing or wrong."""
    said = {name: env.get(PREFIX + name, "").strip() for name in NEEDED}
    secret_keys = _words(said["SECRET_KEY"])
    kind = env.get(f"{PREFIX}WECHAT_KIND") or "miniprogram"
    problems = [f"{PREFIX}{name} is missing: {what}" for name, what in NEEDED.items() if not _words(said[name])]
    problems += _database_problems(said["DATABASE_URL"])
    if said["REDIS_URL"] and not said["REDIS_URL"].startswith(REDIS_SCHEMES):
        problems.append(f"{PREFIX}REDIS_URL must begin with one of {', '.join(REDIS_SCHEMES)}")
    for name, values in (("SECRET_KEY", secret_keys), ("IDENTITY_KEY", _words(said["IDENTITY_KEY"]))):
        if any(len(value) < SHORTEST_KEY for value in values):
            problems.append(f"{PREFIX}{name} is too short: {SHORTEST_KEY} random characters or more")
    second_person = env.get(f"{PREFIX}QUESTION_SECOND_PERSON") or "no"
    if second_person not in ("yes", "no"):
        problems.append(f"{PREFIX}QUESTION_SECOND_PERSON is yes or no, not {second_person!r}")
    if kind not in ("miniprogram", "web"):
        problems.append(f"{PREFIX}WECHAT_KIND is miniprogram or web, not {kind!r}")
    templates, faults = _templates_in(env, kind=kind)
    problems += faults
    trusted_proxies = _words(env.get(f"{PREFIX}TRUSTED_PROXIES", ""))
    wrong = [one for one in trusted_proxies if not _is_network(one)]
    problems += [f"{PREFIX}TRUSTED_PROXIES: {one!r} is no address, network or *" for one in wrong]
    if problems:
        raise SettingsRefused("\n".join(problems))
    return Settings(
        database_url=_with_psycopg(said["DATABASE_URL"]),
        redis_url=said["REDIS_URL"],
        secret_keys=secret_keys,
        identity_key=said["IDENTITY_KEY"],
        wechat=WeChatSettings(
            appid=said["WECHAT_APPID"],
            secret=said["WECHAT_SECRET"],
            kind="web" if kind == "web" else "miniprogram",
            api_base=(env.get(f"{PREFIX}WECHAT_API_BASE") or WECHAT_API_BASE).rstrip("/"),
            templates=templates,
            page=env.get(f"{PREFIX}WECHAT_MESSAGE_PAGE", "").strip(),
        ),
        trusted_proxies=trusted_proxies,
        question_second_person=second_person == "yes",
    )


def _templates_in(env: Mapping[str, str], *, kind: str) -> tuple[dict[str, Template], list[str]]:
    """The templates of messages, and what is wrong with them."""
    said = {one: env.get(f"{PREFIX}WECHAT_TEMPLATE_{one.upper()}", "").split() for one in MESSAGE_KINDS}
    found = {one: _template(words) for one, words in said.items() if words}
    problems = [
        f"{PREFIX}WECHAT_TEMPLATE_{one.upper()}: {what}" for one in found for what in _template_faults(said[one][1:])
    ]
    if found and kind == "web":
        problems.append(f"{PREFIX}WECHAT_TEMPLATE_{next(iter(found)).upper()}: only a mini-program sends messages")
    return found, problems


def _template(words: list[str]) -> Template:
    template_id, *fields = words
    pairs = [word.partition("=") for word in fields]
    return Template(template_id, tuple((key, says) for key, _, says in pairs)) if pairs else Template(template_id)


def _template_faults(fields: list[str]) -> Iterable[str]:
    for word in fields:
        match = FIELD.fullmatch(word)
        if match is None or match[1] not in MESSAGE_WORDS.get(match[2], ()):
            ways = "; ".join(f"{says} in {' or '.join(kinds)}" for says, kinds in MESSAGE_WORDS.items())
            yield f"{word!r} is no field; say thing1=prize, that is {ways}"


def _is_network(word: str) -> bool:
    try:
        return word == "*" or bool(ip_network(word, strict=False))
    except ValueError:
        return False


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _database_problems(url: str) -> list[str]:
    if not url:
        return []
    try:
        backend = make_url(_with_psycopg(url)).get_backend_name()
    except (ArgumentError, ValueError):
        return [f"{PREFIX}DATABASE_URL is not a database URL"]
    if backend not in ("postgresql", "sqlite"):
        return [f"{PREFIX}DATABASE_URL names {backend}; quizsvc knows postgresql and sqlite"]
    return []


def _with_psycopg(url: str) -> str:
    """A plain `postgresql://` (or the short `postgres://`) means the driver that ships with quizsvc."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
