"""Who may open which page: one table, one guard. What a role may do in which region, the services decide per act."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for

from quizsvc.accounts import service as accounts
from quizsvc.accounts.rules import ROLES, Staff
from quizsvc.backoffice.desk import cookie
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import reading
from quizsvc.kit.errors import BadRequest
from quizsvc.kit.http import refuses

ANYBODY: frozenset[str] = frozenset()
EVERY_ROLE = frozenset(ROLES)
CLERK, OPERATOR, AUDITOR = frozenset({"clerk"}), frozenset({"operator"}), frozenset({"auditor"})
READERS = OPERATOR | AUDITOR
FIELD, KEEPERS = CLERK | OPERATOR | AUDITOR, CLERK | OPERATOR  # who sees, and who writes, what happens outdoors
PARTNER = frozenset({"partner"})
PREFIX = "desk."
UPLOAD = 2 * 2**20  # bytes: a bank of some thousand questions

GROUPS = ("窗口", "活动", "走访", "物料", "数据", "管理")


@dataclass(frozen=True)
class Page:
    """A page. `group`: where the navigation lists it; None for one that is reached from another page.

    `largest`: how many bytes its form may send, where files come in.
    """

    title: str
    path: str
    roles: frozenset[str]
    group: str | None = None
    largest: int | None = None


# The endpoint without its prefix -> its page. An endpoint that is not here is refused.
PAGES: Mapping[str, Page] = {
    "files.get_file": Page("页面文件", "/static/<path:name>", ANYBODY),
    "doors.show_sign_in": Page("登录", "/sign-in", ANYBODY),
    "doors.sign_in": Page("登录", "/sign-in", ANYBODY),
    "doors.sign_out": Page("退出登录", "/sign-out", ANYBODY),
    "today.show_today": Page("今日", "/", EVERY_ROLE, "窗口"),
    "redemption.show_redemption": Page("兑奖", "/redemption", CLERK, "窗口"),
    "redemption.look_up": Page("兑奖", "/redemption/lookup", CLERK),
    "redemption.show_register": Page("领取登记表", "/redemption/register", CLERK),
    "redemption.show_done": Page("已兑付", "/redemption/<uuid:scan_id>", CLERK),
    "redemption.hand_over": Page("兑奖", "/redemption/<uuid:scan_id>", CLERK),
    "redemption.ask_undo": Page("撤销兑付", "/redemption/<uuid:scan_id>/undo", CLERK | OPERATOR),
    "redemption.undo": Page("撤销兑付", "/redemption/<uuid:scan_id>/undo", CLERK | OPERATOR),
    "receipt.show_receipt": Page("凭证查询", "/receipt", OPERATOR | AUDITOR, "管理"),
    "receipt.find": Page("凭证查询", "/receipt", OPERATOR | AUDITOR),
    "audit.show_audit": Page("审计日志", "/audit", OPERATOR | AUDITOR, "管理"),
    "audit.export": Page("审计日志导出", "/audit.csv", OPERATOR | AUDITOR),
    # campaigns, bank, boxes
    "campaigns.list_campaigns": Page("活动", "/campaigns", READERS, "活动"),
    "campaigns.show_campaign": Page("活动", "/campaigns/<slug:slug>", READERS),
    "campaigns.get_file": Page("活动文件", "/campaigns/<slug:slug>/file", READERS),
    "campaigns.show_act": Page("活动", "/campaigns/<slug:slug>/acts/<act>", OPERATOR),
    "campaigns.do_act": Page("活动", "/campaigns/<slug:slug>/acts/<act>", OPERATOR),
    "drafting.show_new": Page("新建活动", "/new-campaign", OPERATOR),
    "drafting.draft_new": Page("新建活动", "/new-campaign", OPERATOR),
    "drafting.show_upload": Page("上传活动文件", "/campaign-file", OPERATOR),
    "drafting.upload": Page("上传活动文件", "/campaign-file", OPERATOR),
    "drafting.show_edit": Page("修改草稿", "/campaigns/<slug:slug>/edit", OPERATOR),
    "drafting.edit": Page("修改草稿", "/campaigns/<slug:slug>/edit", OPERATOR),
    "drafting.show_amend": Page("变更活动", "/campaigns/<slug:slug>/amend", OPERATOR),
    "drafting.amend": Page("变更活动", "/campaigns/<slug:slug>/amend", OPERATOR),
    "questions.list_questions": Page("题库", "/questions", READERS, "活动"),
    "questions.show_question": Page("题目", "/questions/<code>", READERS),
    "questions.download": Page("下载题库", "/question-file", READERS),
    "questions.show_state": Page("题目状态", "/question-states", OPERATOR),
    "questions.set_state": Page("题目状态", "/question-states", OPERATOR),
    "question_form.show_form": Page("题目", "/question-form", OPERATOR),
    "question_form.compose": Page("题目", "/question-form", OPERATOR),
    "questions.show_upload": Page("上传题目", "/question-upload", OPERATOR),
    "questions.preview": Page("上传题目", "/question-upload", OPERATOR, largest=UPLOAD),
    "questions.load": Page("上传题目", "/question-load", OPERATOR, largest=2 * UPLOAD),
    "boxes.list_rounds": Page("轮次与签箱", "/campaigns/<slug:slug>/rounds", READERS),
    "boxes.show_round": Page("轮次", "/campaigns/<slug:slug>/rounds/<int:no>", READERS),
    "boxes.enter_beacon": Page("轮次", "/campaigns/<slug:slug>/rounds/<int:no>", OPERATOR),
    "boxes.get_bundle": Page("公示数据", "/campaigns/<slug:slug>/rounds/<int:no>/bundle", READERS),
    "boxes.show_closing": Page("结束轮次", "/campaigns/<slug:slug>/close-round", OPERATOR),
    "boxes.close_round": Page("结束轮次", "/campaigns/<slug:slug>/close-round", OPERATOR),
    "winners.list_awards": Page("中奖记录", "/campaigns/<slug:slug>/awards", READERS),
    "winners.export": Page("中奖记录", "/campaigns/<slug:slug>/awards.csv", READERS),
    "winners.show_void": Page("作废", "/campaigns/<slug:slug>/awards/<uuid:award_id>/void", OPERATOR),
    "winners.void": Page("作废", "/campaigns/<slug:slug>/awards/<uuid:award_id>/void", OPERATOR),
    "winners.list_blocks": Page("禁止抽奖名单", "/campaigns/<slug:slug>/blocks", READERS),
    "winners.block": Page("禁止抽奖名单", "/campaigns/<slug:slug>/blocks", OPERATOR),
    "winners.show_lift": Page("恢复抽奖", "/campaigns/<slug:slug>/blocks/<key>/lift", OPERATOR),
    "winners.lift": Page("恢复抽奖", "/campaigns/<slug:slug>/blocks/<key>/lift", OPERATOR),
    "coupon_lists.show_coupons": Page("卡券", "/campaigns/<slug:slug>/coupons", READERS),
    "coupon_lists.preview": Page("卡券", "/campaigns/<slug:slug>/coupons", OPERATOR, largest=UPLOAD),
    "coupon_lists.load": Page("卡券", "/campaigns/<slug:slug>/coupons/take", OPERATOR, largest=2 * UPLOAD),
    # people, what they report, what they hand out
    "volunteers.show_list": Page("志愿者", "/volunteers", FIELD, "走访"),
    "volunteers.show_one": Page("志愿者", "/volunteer/<code>", FIELD),
    "volunteers.load_list": Page("导入志愿者名单", "/volunteers/load", OPERATOR),
    "volunteers.take_list": Page("导入志愿者名单", "/volunteers/take", OPERATOR, largest=UPLOAD),
    "volunteers.assign": Page("分工", "/volunteer/<code>/assign", OPERATOR),
    "volunteers.end": Page("结束分工", "/volunteer/<code>/end", OPERATOR),
    "volunteers.leave": Page("登记离开", "/volunteer/<code>/leave", OPERATOR),
    "invitations.invite": Page("志愿者邀请码", "/volunteer/<code>/invite", OPERATOR),
    "invitations.invite_openly": Page("公开邀请码", "/volunteers/invite", OPERATOR),
    "held.show_waiting": Page("待核实上报", "/held", FIELD, "走访"),
    "held.decide": Page("待核实上报", "/held/<uuid:held_id>", KEEPERS),
    "tallies.show_list": Page("上报记录", "/tallies", FIELD, "走访"),
    "tallies.show_one": Page("上报", "/tallies/<uuid:tally_id>", FIELD),
    "tallies.void": Page("作废上报", "/tallies/<uuid:tally_id>/void", KEEPERS),
    "paper.enter": Page("录入纸质单", "/paper", KEEPERS, "走访"),
    "paper.load": Page("上传纸质单表格", "/paper/load", KEEPERS),
    "stock.show_list": Page("库存", "/stock", FIELD, "物料"),
    "stocktake.take": Page("盘点", "/stock/count", KEEPERS),
    "movements.show_list": Page("出入库", "/movements", FIELD, "物料"),
    "movements.show_form": Page("登记出入库", "/movements/new", KEEPERS),
    "movements.post": Page("登记出入库", "/movements/new", KEEPERS),
    "movements.reverse": Page("冲销", "/movements/<uuid:movement_id>/reverse", KEEPERS),
    "books.show_books": Page("账目", "/books", FIELD, "物料"),
    # figures, bulletins, cases, the partner's page, staff
    "reach.show_figures": Page("活动数据", "/reach", CLERK | OPERATOR | AUDITOR, "数据"),
    "reach.export_figures": Page("导出数据", "/reach/figures.<any(csv, xlsx):form>", CLERK | OPERATOR | AUDITOR),
    "bulletins.list_bulletins": Page("工作简报", "/bulletins", OPERATOR | AUDITOR, "数据"),
    "bulletins.make_bulletin": Page("工作简报", "/bulletins", OPERATOR),
    "bulletins.show_bulletin": Page("工作简报", "/bulletins/<uuid:snapshot_id>", OPERATOR | AUDITOR),
    "bulletins.export_bulletin": Page(
        "导出简报", "/bulletins/<uuid:snapshot_id>/report.<any(docx, md, xlsx, csv):form>", OPERATOR | AUDITOR
    ),
    "cases.show_cases": Page("警情案件", "/cases", OPERATOR | AUDITOR, "数据"),
    "cases.show_revisions": Page("案件数据的各版", "/cases/of/<region>/<month>", OPERATOR | AUDITOR),
    "cases.show_upload": Page("导入案件数据", "/cases/upload", OPERATOR),
    "cases.preview": Page("导入案件数据", "/cases/upload", OPERATOR),
    "cases.load": Page("导入案件数据", "/cases/load", OPERATOR),
    "partner.show_partner": Page("活动成效", "/partner", PARTNER, "数据"),
    "staff.list_staff": Page("工作人员", "/staff", OPERATOR | AUDITOR, "管理"),
    "staff.export_staff": Page("工作人员导出", "/staff.csv", OPERATOR | AUDITOR),
    "staff.show_new": Page("添加工作人员", "/staff/new", OPERATOR),
    "staff.add": Page("添加工作人员", "/staff/new", OPERATOR),
    "staff.show_member": Page("工作人员", "/staff/<uuid:member_id>", OPERATOR | AUDITOR),
    "staff.grant": Page("授予角色", "/staff/<uuid:member_id>/grant", OPERATOR),
    "staff.ask_step": Page("请确认", "/staff/<uuid:member_id>/<any(revoke, reset, dismiss):step>", OPERATOR),
    "staff.take_step": Page("请确认", "/staff/<uuid:member_id>/<any(revoke, reset, dismiss):step>", OPERATOR),
    "password.show_password": Page("修改密码", "/password", EVERY_ROLE, "管理"),
    "password.change": Page("修改密码", "/password", EVERY_ROLE),
    "lost.find_nothing": Page("没有这个页面", "/<path:rest>", EVERY_ROLE),
}


@refuses(accounts.TokenMissing, accounts.TokenRefused, accounts.RoleMissing, cookie.PageExpired)
def guard() -> None:
    """Let in whom the table names, with a form of ours if they write. Roles are read anew for each request."""
    page = PAGES.get(str(request.endpoint).removeprefix(PREFIX))
    if page is None:
        raise accounts.RoleMissing
    if page.roles:
        g.staff = _signed_in()
        if not may_open(g.staff, page):
            raise accounts.RoleMissing
    if page.largest is not None:  # before the form is read, and only for who may open the page
        request.max_content_length = request.max_form_memory_size = page.largest
    _require_text()
    cookie.require_own_form()


def _require_text() -> None:
    """BadRequest for a NUL, which no database keeps as text, and no person types."""
    said = (*request.args.items(multi=True), *request.form.items(multi=True), *(request.view_args or {}).items())
    if any("\0" in f"{name}{value}" for name, value in said):
        raise BadRequest


def _signed_in() -> Staff:
    token = cookie.kept()
    if token is None:
        raise accounts.TokenMissing
    with reading():
        return accounts.verify_staff(token, now=utcnow())


def may_open(staff: Staff, page: Page) -> bool:
    """Whether the page is for everybody, or for a role that the staff member holds somewhere."""
    return page.roles == ANYBODY or any(grant.role in page.roles for grant in staff.grants)


def find_staff() -> Staff | None:
    """Who is signed in, once the guard has let them in."""
    found: Staff | None = g.get("staff")
    return found


def link_to(endpoint: str, **values: Any) -> str | None:
    """The address of a page, None if it is not there or not for whoever is signed in."""
    page, staff = PAGES.get(endpoint), find_staff()
    if page is None or staff is None or not may_open(staff, page):
        return None
    return url_for(PREFIX + endpoint, **values)


@dataclass(frozen=True)
class Entry:
    """A line of the navigation."""

    title: str
    address: str
    here: bool


def list_navigation(staff: Staff) -> Iterable[tuple[str, list[Entry]]]:
    """The groups that have a page for this staff member, with those pages."""
    here = str(request.endpoint).removeprefix(PREFIX).partition(".")[0]
    for group in GROUPS:
        entries = [
            Entry(page.title, url_for(PREFIX + endpoint), endpoint.partition(".")[0] == here)
            for endpoint, page in PAGES.items()
            if page.group == group and may_open(staff, page)
        ]
        if entries:
            yield group, entries
