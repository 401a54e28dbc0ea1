"""The only file that talks to WeChat.

WeChat answers HTTP 200 whatever happened, often as text/plain; `errcode` is absent (or 0) on success. What is not
clearly a success logs nobody in. The session_key never leaves this file, and no secret, token or openid reaches a log.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import orjson
from flask import Flask, current_app

from quizsvc.accounts.rules import REPLIES, Reply, thing
from quizsvc.kit.db import require_no_transaction
from quizsvc.kit.errors import Refusal
from quizsvc.settings import Template, WeChatSettings

EXTENSION, CLIENT = "quizsvc.log_in", "quizsvc.wechat"
TIMEOUT_SECONDS = 3.0
PATHS = {"miniprogram": ("/sns/jscode2session", "js_code"), "web": ("/sns/oauth2/access_token", "code")}
BAD_CODE = (40029, 40163)  # unknown or expired; used before
TOO_OFTEN = 45011
RISKY_USER = 40226
TOKEN_PATH, SEND_PATH = "/cgi-bin/stable_token", "/cgi-bin/message/subscribe/send"
LONGEST_TOKEN_LIFE = 7200

logger = logging.getLogger("quizsvc.wechat")
for _talkative in ("httpx2", "httpcore2"):
    # they log whole addresses, and the AppSecret and the code stand in ours
    logging.getLogger(_talkative).setLevel(logging.WARNING)
LogIn = Callable[[str], str]


class CodeRefused(Refusal):
    code, status = "accounts.code_refused", 401
    zh, en = (
        "登录凭证无效或已用过，请重新登录",
        "This log-in code is invalid or was used, ask WeChat for a new one",
    )


class RiskyUser(Refusal):
    code, status = "accounts.risky_user", 403
    zh, en = "微信提示该账号存在风险，暂不能登录", "WeChat reports a risk on this account"


class WeChatAway(Refusal):
    code, status, retry = "accounts.wechat_away", 503, "later"
    zh, en = "微信登录暂时不可用，请稍后再试", "WeChat log-in is not available now, please try again later"


@dataclass(frozen=True)
class AccessToken:
    """What calls are made with, and for how long it is good from now on."""

    value: str = field(repr=False)
    lasts: timedelta


@dataclass(frozen=True)
class Answer:
    """What WeChat said to a message."""

    reply: Reply
    errcode: int | None = None


class WeChat:
    """A thin client of WeChat's log-in and of its subscribe messages. Nothing is ever asked twice by itself."""

    def __init__(self, settings: WeChatSettings) -> None:
        self.settings = settings
        self.http = httpx2.Client(base_url=settings.api_base, timeout=TIMEOUT_SECONDS)

    def openid_of(self, code: str) -> str:
        """Exchange a log-in code, good once and for five minutes, for its openid.

        Refuses with CodeRefused, RiskyUser or WeChatAway. A code is never sent twice: it is good once.
        """
        path, parameter = PATHS[self.settings.kind]
        question = {
            "appid": self.settings.appid,
            "secret": self.settings.secret,
            parameter: code,
            "grant_type": "authorization_code",
        }
        return _openid_in(self._ask("GET", path, params=question))

    def access_token(self) -> AccessToken:
        """The token that is good now: WeChat gives the same one again until five minutes before its end; WeChatAway."""
        question = {
            "grant_type": "client_credential",
            "appid": self.settings.appid,
            "secret": self.settings.secret,
        }
        answer = self._ask("POST", TOKEN_PATH, content=orjson.dumps(question))
        value, seconds = answer.get("access_token"), answer.get("expires_in")
        if isinstance(value, str) and value and type(seconds) is int and 0 < seconds <= LONGEST_TOKEN_LIFE:
            return AccessToken(value, timedelta(seconds=seconds))
        logger.warning("wechat gave no access token: errcode=%s", _errcode_in(answer))
        raise WeChatAway(retry_after=3)

    def send(self, template: Template, *, openid: str, says: Mapping[str, str], token: str) -> Answer:
        """Send one subscribe message, once. No clear answer is Reply.LOST: it may have been sent."""
        message: dict[str, Any] = {
            "touser": openid,
            "template_id": template.id,
            "data": {key: {"value": _fitting(key, says[word])} for key, word in template.fields},
        }
        if self.settings.page:
            message["page"] = self.settings.page
        try:
            # in UTF-8: WeChat would show \\uXXXX as it stands
            answer = self._answer("POST", SEND_PATH, params={"access_token": token}, content=orjson.dumps(message))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            logger.warning("wechat cannot be reached: %s", type(error).__name__)
            return Answer(Reply.BUSY)
        except (httpx2.HTTPError, orjson.JSONDecodeError) as error:
            logger.warning("wechat gave a message no answer: %s", type(error).__name__)
            return Answer(Reply.LOST)
        errcode = _errcode_in(answer) if isinstance(answer, dict) else None
        return Answer(Reply.LOST if errcode is None else REPLIES.get(errcode, Reply.FAULT), errcode)

    def _ask(self, method: str, path: str, **question: Any) -> dict[str, Any]:
        """WeChat's answer, whatever it says; WeChatAway when there is none."""
        try:
            answer = self._answer(method, path, **question)
        except (httpx2.HTTPError, orjson.JSONDecodeError) as error:
            logger.warning("wechat gave no answer: %s", type(error).__name__)
            raise WeChatAway(retry_after=3) from None
        if not isinstance(answer, dict):
            logger.warning("wechat answered with something else")
            raise WeChatAway(retry_after=3)
        return answer

    def _answer(self, method: str, path: str, **question: Any) -> Any:
        response = self.http.request(method, path, **question)
        if response.status_code != 200:
            raise httpx2.DecodingError(f"status {response.status_code}")
        return orjson.loads(response.content)


def _fitting(key: str, text: str) -> str:
    return thing(text) if key.startswith("thing") else text


def _errcode_in(answer: Mapping[str, Any]) -> int | None:
    errcode = answer.get("errcode")
    return errcode if type(errcode) is int else None


def _openid_in(answer: Mapping[str, Any]) -> str:
    errcode = answer.get("errcode", 0)
    openid = answer.get("openid")
    if errcode == 0 and isinstance(openid, str) and openid:
        return openid
    logger.warning("wechat refused a log-in: errcode=%s", errcode)
    if errcode in BAD_CODE:
        raise CodeRefused
    if errcode == RISKY_USER:
        raise RiskyUser
    raise WeChatAway(retry_after=30 if errcode == TOO_OFTEN else 3)


def init_wechat(app: Flask, client: WeChat | None, *, stand_in: LogIn) -> None:
    """Give the app its WeChat; without one, another way from a log-in code to an openid, and no messages."""
    app.extensions[CLIENT] = client
    app.extensions[EXTENSION] = stand_in if client is None else client.openid_of


def wechat_client() -> WeChat | None:
    """The running app's WeChat, if it has one and messages are sent through it."""
    client: WeChat | None = current_app.extensions[CLIENT]
    return client if client is not None and client.settings.templates else None


def templates() -> Mapping[str, Template]:
    """The templates of the messages that are sent, by kind; none where messages are off."""
    client = wechat_client()
    return {} if client is None else client.settings.templates


def openid_of(code: str) -> str:
    """The openid behind a log-in code, by the running app's way; asked with no transaction open."""
    require_no_transaction()
    log_in: LogIn = current_app.extensions[EXTENSION]
    return log_in(code)
