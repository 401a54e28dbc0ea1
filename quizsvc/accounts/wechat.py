"""The only file that talks to WeChat.

WeChat answers HTTP 200 whatever happened, often as text/plain; `errcode` is absent (or 0) on success. What is not
clearly a success logs nobody in. The session_key never leaves this function, the AppSecret never reaches a log.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import orjson
from flask import Flask, current_app

from quizsvc.kit.db import require_no_transaction
from quizsvc.kit.errors import Refusal
from quizsvc.settings import WeChatSettings

EXTENSION = "quizsvc.log_in"
TIMEOUT_SECONDS = 3.0
PATHS = {"miniprogram": ("/sns/jscode2session", "js_code"), "web": ("/sns/oauth2/access_token", "code")}
BAD_CODE = (40029, 40163)  # unknown or expired; used before
TOO_OFTEN = 45011
RISKY_USER = 40226

logger = logging.getLogger("quizsvc.wechat")
for _talkative in ("httpx2", "httpcore2"):
    # they log whole addresses, and the AppSecret and the code stand in ours
    logging.getLogger(_talkative).setLevel(logging.WARNING)
LogIn = Callable[[str], str]


class CodeRefused(Refusal):
    code, status = "accounts.code_refused", 401
    zh, en = (
        "登录凭证无效或已用过，请重新打开小程序",
        "This log-in code is invalid or was used, ask WeChat for a new one",
    )


class RiskyUser(Refusal):
    code, status = "accounts.risky_user", 403
    zh, en = "微信提示该账号存在风险，暂不能登录", "WeChat reports a risk on this account"


class WeChatAway(Refusal):
    code, status, retry = "accounts.wechat_away", 503, "later"
    zh, en = "微信登录暂时不可用，请稍后再试", "WeChat log-in is not available now, please try again later"


class WeChat:
    """A thin client of WeChat's log-in."""

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
        try:
            response = self.http.get(path, params=question)
            answer = orjson.loads(response.content)
        except (httpx2.HTTPError, orjson.JSONDecodeError) as error:
            logger.warning("wechat gave no answer: %s", type(error).__name__)
            raise WeChatAway(retry_after=3) from None
        if response.status_code != 200 or not isinstance(answer, dict):
            logger.warning("wechat answered with status %s", response.status_code)
            raise WeChatAway(retry_after=3)
        return _openid_in(answer)


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


def init_log_in(app: Flask, log_in: LogIn) -> None:
    """Give the app its way from a log-in code to an openid."""
    app.extensions[EXTENSION] = log_in


def openid_of(code: str) -> str:
    """The openid behind a log-in code, by the running app's way; asked with no transaction open."""
    require_no_transaction()
    log_in: LogIn = current_app.extensions[EXTENSION]
    return log_in(code)
