"""What lies within the reach of whoever is signed in, and whether it still stands as they saw it."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from flask import request

from quizsvc.accounts.rules import Staff
from quizsvc.accounts.service import RoleMissing
from quizsvc.backoffice.desk import access
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.rules import Campaign
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.errors import Refusal
from quizsvc.kit.problems import FileRefused, Problem

PAGE = 50


class ChangedMeanwhile(Refusal):
    code, status, retry = "desk.changed_meanwhile", 409, "later"
    zh, en = "您打开页面之后，别人改动过这里", "Somebody has changed this since you opened the page"


def whoever() -> Staff:
    """Who is signed in; RoleMissing where the guard has let nobody in."""
    staff = access.find_staff()
    if staff is None:
        raise RoleMissing
    return staff


def get_campaign(slug: str, *, roles: frozenset[str] = access.READERS) -> Campaign:
    """The campaign, if its region is theirs to see; CampaignUnknown."""
    return campaigns.get_seen(slug, staff=whoever(), roles=roles)


def mark_of(document: Mapping[str, Any]) -> str:
    """Names one state of what a form was filled from."""
    return sha256_hex(canonical(document))[:16]


def require_unchanged(document: Mapping[str, Any]) -> None:
    """ChangedMeanwhile unless the form was made from this very document."""
    if request.form.get("seen") != mark_of(document):
        raise ChangedMeanwhile


def read_bytes(name: str = "file") -> tuple[str, bytes]:
    """Name and content of the file that was chosen; FileRefused without one."""
    found = request.files.get(name)
    if found is None or not found.filename:
        raise FileRefused([Problem("file", "not chosen", "choose one")])
    with closing(found.stream) as stream:  # a large one lies on the disk
        return found.filename, stream.read()


def read_upload(name: str = "file") -> tuple[str, str]:
    """As read_bytes, its text; FileRefused unless it is UTF-8."""
    file, content = read_bytes(name)
    try:
        return file, content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused([Problem("file", "not UTF-8", "save it as UTF-8")]) from None
