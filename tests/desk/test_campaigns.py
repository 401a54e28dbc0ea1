"""Campaigns at the desk: built from nothing in a form, published by a second person, amended, moved along."""

import io
from datetime import timedelta
from typing import Any

import pytest

from quizsvc.campaigns import amendments
from quizsvc.campaigns import service as campaigns
from quizsvc.campaigns.files import read_campaign, write_campaign
from quizsvc.kit.db import reading
from quizsvc.kit.problems import parse_toml
from tests.desk.browser import Browser, at_desk
from tests.world import CAMPAIGN, START, World, merged

AS_INPUT = "%Y-%m-%dT%H:%M"


def local(days: int) -> str:
    return (START + timedelta(days=days)).strftime(AS_INPUT)


# The campaign of tests/world.py without its coupons, as somebody types it.
TYPED: dict[str, str] = {
    "title": "秋季反诈活动",
    "slug": "autumn",
    "region": "s1",
    "opens_at": local(1),
    "closes_at": local(21),
    "late_days": "7",
    "organiser.name": "一街道平安办",
    "organiser.contact": "025-00000000",
    "partner": "通信公司\r\n\r\n银行",
    "paper.pass_percent": "80",
    "paper.minutes": "10",
    "paper.per_day": "3",
    "plan.loan.1": "3",
    "plan.romance.1": "1",
    "prize[2].name": "抽纸",
    "prize[2].value_fen": "8.5",
    "prize[2].kind": "goods",
    "round[1].opens_at": local(1),
    "round[1].closes_at": local(11),
    "round[1].cards": "40",
    "round[1].count[2]": "6",
    "round[3].opens_at": local(11),
    "round[3].closes_at": local(21),
    "round[3].cards": "60",
    "round[3].count[2]": "4",
    "rules.conditions": "本街道居民\r\n每天三次",
    "rules.method": "按签箱",
    "rules.handover": "到社区领取",
    "rules.claim_until": local(40),
    "rules.max_wins": "2",
    "rules.leftovers": "returned",
    "rules.beacon": "",
    "privacy": "个人信息保护告知",
}


def state_of(slug: str) -> str:
    with reading():
        return campaigns.get_campaign(slug).state


def draft(browser: Browser, **changes: str) -> Any:
    browser.open("/desk/new-campaign")
    return browser.send("/desk/new-campaign", **{**TYPED, **changes})


def act(browser: Browser, slug: str, name: str, **fields: str) -> Any:
    assert browser.open(f"/desk/campaigns/{slug}/acts/{name}").status_code == 200, browser.text()
    return browser.send(f"/desk/campaigns/{slug}/acts/{name}", seen=browser.hidden_or("seen"), **fields)


# --- from nothing to the public ---------------------------------------------------------------------------------------


def test_an_operator_builds_a_campaign_in_the_form_and_a_second_person_publishes_it(world: World) -> None:
    author = at_desk(world, "operator")
    answer = draft(author)
    assert (answer.status_code, answer.location) == (303, "/desk/campaigns/autumn")
    author.open(answer.location)
    assert "您是起草人，不能自己发布" in author.text()
    with reading():
        what = campaigns.get_campaign("autumn").definition
    assert (what.title, what.opens_at, what.late_days) == ("秋季反诈活动", START + timedelta(days=1), 7)
    assert [one["name"] for one in what.partners] == ["通信公司", "银行"]
    assert what.conditions == "本街道居民\n每天三次"
    assert [(one.code, one.value_fen, one.kind) for one in what.prizes] == [("prize-1", 850, "goods")]
    assert [(one.no, one.cards, dict(one.planned)) for one in what.rounds] == [
        (1, 40, {"prize-1": 6}),
        (2, 60, {"prize-1": 4}),
    ]
    assert {(line.scam_type, line.count) for line in what.paper.lines} == {("loan", 3), ("romance", 1)}

    refused = act(author, "autumn", "publish")
    assert refused.status_code == 409
    assert "发布须由起草人以外的人操作" in author.text()
    assert state_of("autumn") == "draft"

    assert act(at_desk(world, "second"), "autumn", "publish").status_code == 303
    assert state_of("autumn") == "published"
    assert world.phone().get("campaigns/autumn").get_json()["title"] == "秋季反诈活动"
    acts = world.rows("SELECT actor, act FROM audit WHERE subject = 'autumn' ORDER BY id")
    assert acts == [("operator", "campaign.draft"), ("second", "campaign.published")]


def test_who_publishes_answers_for_what_they_have_read(world: World) -> None:
    author, second = at_desk(world, "operator"), at_desk(world, "second")
    draft(author)
    second.open("/desk/campaigns/autumn/acts/publish")
    seen = second.hidden("seen")
    author.open("/desk/campaigns/autumn/edit")
    author.send("/desk/campaigns/autumn/edit", seen=author.hidden("seen"), **TYPED | {"title": "改过的名称"})
    assert second.send("/desk/campaigns/autumn/acts/publish", seen=seen).status_code == 409
    assert "别人改动过" in second.text()
    assert state_of("autumn") == "draft"


def test_two_people_do_not_write_over_each_other(world: World) -> None:
    one, other = at_desk(world, "operator"), at_desk(world, "second")
    draft(one)
    for browser in (one, other):
        browser.open("/desk/campaigns/autumn/edit")
    assert (
        other.send("/desk/campaigns/autumn/edit", seen=other.hidden("seen"), **TYPED | {"title": "乙"}).status_code
        == 303
    )
    late = one.send("/desk/campaigns/autumn/edit", seen=one.hidden("seen"), **TYPED | {"title": "甲"})
    assert late.status_code == 409
    assert 'value="甲"' in one.page
    with reading():
        assert campaigns.get_campaign("autumn").definition.title == "乙"


def test_a_new_campaign_takes_no_standing_ones_name(world: World) -> None:
    world.draft()
    browser = at_desk(world, "operator")
    assert draft(browser, slug="play").status_code == 422
    assert "这个代号已有活动使用" in browser.text()
    with reading():
        assert campaigns.get_campaign("play").definition.title == "测试活动"


# --- what is wrong is shown where it is -------------------------------------------------------------------------------


def test_what_is_wrong_is_shown_at_its_field_and_what_was_typed_is_kept(world: World) -> None:
    browser = at_desk(world, "operator")
    answer = draft(browser, title="", opens_at="soon", **{"prize[2].value_fen": "8,5", "round[3].cards": "many"})
    assert answer.status_code == 422
    for name in ("title", "opens_at", "prize[1].value_fen", "round[2].cards"):
        assert f'id="{name}-error"' in browser.page, name
    assert "请写金额" in browser.text()
    assert 'value="8,5"' in browser.page
    assert 'value="many"' in browser.page
    assert not world.count("campaigns")


def test_one_row_more_saves_nothing(world: World) -> None:
    browser = at_desk(world, "operator")
    answer = draft(browser, more="prize")
    assert answer.status_code == 200
    assert 'name="prize[2].name"' in browser.page
    assert 'value="抽纸"' in browser.page
    for head, label in (("prize", "name"), ("round", "cards")):  # also where the first is still empty
        browser.open("/desk/new-campaign")
        for rows in (2, 3):
            browser.send("/desk/new-campaign", **{**browser.fields(), "more": head})
            assert f'name="{head}[{rows}].{label}"' in browser.page
            assert f'name="{head}[{rows + 1}].{label}"' not in browser.page
    assert not world.count("campaigns")


def test_a_draft_says_what_keeps_it_from_being_published(world: World) -> None:
    browser = at_desk(world, "operator")
    draft(browser, **{"plan.loan.1": "40", "round[1].cards": "2", "rules.claim_until": local(15)})
    browser.open("/desk/campaigns/autumn")
    said = browser.text()
    assert "发布前还要处理" in said
    for fault in ("虚假贷款 难度 1 需要 40 题", "2 支签装不下 6 份奖品", "应晚于最后一轮的结束时间"):
        assert fault in said, said
    browser.open("/desk/campaigns/autumn/edit")
    assert 'id="rules.claim_until-error"' in browser.page
    assert act(at_desk(world, "second"), "autumn", "publish").status_code == 303
    assert state_of("autumn") == "draft"


# --- files ------------------------------------------------------------------------------------------------------------


def send_file(browser: Browser, text: str, **fields: str) -> Any:
    browser.open("/desk/campaign-file")
    data = {"csrf_token": browser.token(), "file": (io.BytesIO(text.encode()), "campaign.toml"), **fields}
    return browser.open("/desk/campaign-file", "POST", data=data, content_type="multipart/form-data")


def test_a_campaigns_file_comes_out_as_it_went_in(world: World) -> None:
    world.publish(rules={"conditions": '第一行\n\\n "引号" """三\n', "beacon": 'a"b'})
    answer = at_desk(world, "auditor").open("/desk/campaigns/play/file")
    assert "play.toml" in answer.headers["Content-Disposition"]
    document = read_campaign(parse_toml(answer.get_data(as_text=True), file="x"), file="x")
    with reading():
        standing = campaigns.get_campaign("play").definition
    assert write_campaign(document) == write_campaign(standing.document)
    assert document["conditions"] == standing.conditions
    assert document["rounds"][1]["planned"] == [{"code": "credit", "count": 1}, {"code": "tissue", "count": 3}]


def test_a_file_with_faults_shows_each_and_changes_nothing(world: World) -> None:
    browser = at_desk(world, "operator")
    document = write_campaign(read_campaign(CAMPAIGN, file="x"))
    wrong = document.replace("late_days = 7", 'late_days = "x"').replace("value_fen = 800", "value_fen = -1")
    assert send_file(browser, wrong.replace('title = "测试活动"\n', "")).status_code == 422
    for fault in ("活动名称：必填", "补报天数：应为整数", "第 2 种奖品的价值：不能小于 0"):
        assert fault in browser.text(), browser.text()
    assert send_file(browser, "slug = x\n").status_code == 422
    assert "文件：第 1 行" in browser.text()
    assert send_file(browser, document).status_code == 303
    assert state_of("play") == "draft"


def test_a_file_of_a_published_campaign_is_an_amendment_with_a_reason(world: World) -> None:
    world.publish()
    browser = at_desk(world, "operator")
    longer = merged(CAMPAIGN, rules={"claim_until": START + timedelta(days=60)})
    text = write_campaign(read_campaign(longer, file="x"))
    assert send_file(browser, text).status_code == 422
    assert "请写明变更原因" in browser.text()
    assert send_file(browser, text, reason="应居民要求").status_code == 303
    browser.open("/desk/campaigns/play")
    assert "领奖截止时间 2027-01-15 10:00 2027-01-30 10:00" in browser.text()


# --- after publishing -------------------------------------------------------------------------------------------------


def fields_of(browser: Browser) -> dict[str, str]:
    """Every input of the page's form, as a browser would send it."""
    return browser.fields()


def test_an_amendment_changes_what_it_may_and_nothing_that_is_frozen(world: World) -> None:
    world.publish()
    author = at_desk(world, "operator")
    author.open("/desk/campaigns/play/amend")
    for name in ("title", "privacy", "prize[1].name", "round[1].cards", "plan.loan.1"):
        assert f'name="{name}"' not in author.page, name
    for name in ("closes_at", "prize[1].value_fen", "round[2].cards", "rules.conditions"):
        assert f'name="{name}"' in author.page, name
    typed = fields_of(author) | {
        "rules.max_wins": "3",
        "reason": "多给一次机会",
        "title": "偷改",
        "round[1].cards": "1",
    }
    assert author.send("/desk/campaigns/play/amend", **typed).status_code == 303
    author.open("/desk/campaigns/play")
    assert "每人最多中奖次数 2 3" in author.text()
    assert "偷改" not in author.text()
    assert act(author, "play", "publish").status_code == 409
    assert act(at_desk(world, "second"), "play", "publish").status_code == 303
    with reading():
        campaign = campaigns.get_campaign("play")
        assert (campaign.version, campaign.definition.max_wins) == (2, 3)
        assert campaign.definition.title == "测试活动"
        assert campaign.definition.rounds[0].cards == 40
        assert amendments.find_amendment(campaign) is None


def test_an_amendment_that_takes_something_away_is_shown_at_its_field(world: World) -> None:
    world.publish()
    browser = at_desk(world, "operator")
    browser.open("/desk/campaigns/play/amend")
    typed = fields_of(browser) | {"rules.max_wins": "1", "reason": "少一次"}
    assert browser.send("/desk/campaigns/play/amend", **typed).status_code == 422
    assert 'id="rules.max_wins-error"' in browser.page
    browser.open("/desk/campaigns/play/amend")
    assert browser.send("/desk/campaigns/play/amend", **fields_of(browser) | {"reason": "无"}).status_code == 422
    assert "没有任何改动" in browser.text(), browser.text()
    with reading():
        assert amendments.find_amendment(campaigns.get_campaign("play")) is None


def test_a_campaign_is_paused_resumed_withdrawn_and_closed(world: World) -> None:
    world.publish()
    browser = at_desk(world, "operator")
    for name, state in (("pause", "paused"), ("resume", "published")):
        assert act(browser, "play", name).status_code == 303
        assert state_of("play") == state
    assert act(browser, "play", "withdraw").status_code == 422
    assert "请写明原因" in browser.text()
    assert act(browser, "play", "withdraw", reason="日期有误").status_code == 303
    assert state_of("play") == "draft"
    act(at_desk(world, "second"), "play", "publish")
    world.citizen().deal()
    assert act(browser, "play", "withdraw", reason="又").status_code == 409
    assert "不能再撤回" in browser.text()
    assert act(browser, "play", "close").status_code == 303
    assert state_of("play") == "closing"


# --- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["auditor", "second"])
def test_anothers_campaign_is_neither_listed_nor_reachable(world: World, name: str) -> None:
    world.publish()
    world.draft(slug="other", region="s2", title="别处的活动")
    browser = at_desk(world, name)
    browser.open("/desk/campaigns")
    assert "测试活动" in browser.text()
    assert "别处的活动" not in browser.text()
    for path in ("", "/file"):
        assert browser.open(f"/desk/campaigns/other{path}").status_code == 404
    if name == "second":
        for path in ("/edit", "/amend", "/acts/publish"):
            assert browser.open(f"/desk/campaigns/other{path}").status_code == 404
        browser.open("/desk/campaigns")
        for path in ("/edit", "/amend", "/acts/publish"):
            assert browser.send(f"/desk/campaigns/other{path}", **TYPED).status_code == 404
        text = write_campaign(read_campaign(merged(CAMPAIGN, slug="mine", region="s2"), file="x"))
        assert send_file(browser, text).status_code == 403
    assert state_of("other") == "draft"
    assert not world.count("campaigns", "slug = 'mine'")


def test_an_auditor_reads_and_writes_nothing(world: World) -> None:
    world.draft()
    browser = at_desk(world, "auditor")
    assert browser.open("/desk/campaigns/play").status_code == 200
    for word in ("修改草稿", "核对并发布", "新建活动"):
        assert word not in browser.text()
    for path in (
        "/desk/new-campaign",
        "/desk/campaigns/play/edit",
        "/desk/campaigns/play/acts/publish",
        "/desk/campaign-file",
    ):
        browser.open("/desk/campaigns")
        assert browser.send(path, **TYPED).status_code == 403
    assert state_of("play") == "draft"


def test_the_list_is_filtered_by_state_and_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quizsvc.backoffice.desk.scope.PAGE", 1)
    world.publish(slug="a", title="甲活动")
    world.draft(slug="b", title="乙活动")
    browser = at_desk(world, "operator")
    browser.open("/desk/campaigns?state=draft")
    assert "乙活动" in browser.text()
    assert "甲活动" not in browser.text()
    browser.open("/desk/campaigns")
    assert "乙活动" not in browser.text()
    browser.open(browser.link("下一页"))
    assert "乙活动" in browser.text()
    assert "甲活动" not in browser.text()
    assert browser.open("/desk/campaigns?state=nonsense").status_code == 404
