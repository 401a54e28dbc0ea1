"""What a form or an address says, read word by word; addresses of the same list with something changed."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import request, url_for

from quizsvc.accounts.rules import Staff
from quizsvc.kit.clock import SHANGHAI
from quizsvc.kit.fields import CONTROL
from quizsvc.kit.pages import PageOf
from quizsvc.regions import service as regions
from quizsvc.regions.rules import Region

MISSING = "请填写这一项"
EARLIEST_YEAR, LATEST_YEAR = 2000, 2999
# Levels that have a store and an office; what lies below is named by its code.
OFFICES = ("district", "street", "community")


class Said:
    """The words of a form or an address, and what is wrong with them by field: shown beside the field."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = words
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """What was typed, for the form that is shown again."""
        return self.words.get(name, "")

    def word(self, name: str, *, longest: int = 200, needed: bool = False) -> str:
        found = self.words.get(name, "").strip()
        if CONTROL.search(found) or len(found) > longest:
            self.errors[name] = f"请写在 {longest} 个字以内，不含特殊字符"
            return ""
        if needed and not found:
            self.errors[name] = MISSING
        return found

    def choice(self, name: str, among: Collection[str], *, needed: bool = False) -> str | None:
        """One of these words; None for none, and for any other."""
        found = self.words.get(name, "")
        if found in among:
            return found
        if needed or found:
            self.errors[name] = "请选择一项"
        return None

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number; the form is told what is wrong with any other word."""
        found = self.words.get(name, "").strip()
        if not (found.isascii() and found.isdigit() and len(found) <= 12 and least <= int(found) <= most):
            self.errors[name] = f"请填 {least} 到 {most} 之间的整数" if found else MISSING
            return None
        return int(found)

    def day(self, name: str) -> date | None:
        """A day as a date field sends it; None if it is left out."""
        found = self.words.get(name, "").strip()
        try:
            day = date.fromisoformat(found) if found else None
        except ValueError:
            day = date.min
        if day is not None and not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            self.errors[name] = "请按 2026-12-01 的格式填写日期"
            return None
        return day

    def moment(self, name: str) -> datetime | None:
        """A Shanghai time as a datetime field sends it; None if it is left out."""
        found = self.words.get(name, "").strip()
        try:
            moment = datetime.fromisoformat(found).replace(tzinfo=SHANGHAI) if found else None
        except ValueError:
            moment = datetime.min.replace(tzinfo=SHANGHAI)
        if moment is not None and not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
            self.errors[name] = "请按 2026-12-01 10:00 的格式填写时间"
            return None
        return moment

    def id(self, name: str) -> UUID | None:
        """The name that the form gave to what it asks for."""
        try:
            return UUID(self.words.get(name, ""))
        except ValueError:
            self.errors[name] = "页面已过期，请重新打开后再填"
            return None


def in_address() -> Said:
    """What the address says."""
    return Said(request.args)


def in_form() -> Said:
    """What the form says."""
    return Said(request.form)


def same_list(**changes: Any) -> str:
    """The address of this list with these words changed, None left out."""
    said = dict(request.args.to_dict()) | changes
    return url_for(str(request.endpoint), **(request.view_args or {}), **{k: v for k, v in said.items() if v})


def paging_of(page: PageOf[Any]) -> dict[str, str | None]:
    """Where parts.paging leads: on, back to the first page, and to the same list as a file."""
    here = request.args.get("cursor")
    return {
        "next": None if page.next is None else same_list(cursor=page.next),
        "first": same_list(cursor=None) if here else None,
        "export": same_list(cursor=None, form="csv") if page.items else None,
    }


def offices_of(staff: Staff, roles: Collection[str]) -> list[Region]:
    """The communities and what stands above them in which one of these roles is held; the places of the roles too."""
    tops = [grant.region for grant in staff.grants if grant.role in roles]
    return [one for one in regions.list_subtrees(tops) if one.level in OFFICES or one in tops]


def named(places: Collection[Region]) -> list[tuple[str, str]]:
    """Regions as choices: code and name."""
    return [(one.code, one.name) for one in places]
