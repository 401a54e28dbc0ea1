"""The reviewer's rules: each finds its planted fault, and lets the clean neighbour pass."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

import pytest

from quizsvc.quiz.files import reviewed_facts
from quizsvc.quiz.review_facts import Citation, Facts, cited_in, find_unreviewed, find_wrong, numeral_value
from quizsvc.quiz.review_wording import find_broken_options, find_wording_faults, is_not_simplified
from quizsvc.quiz.rules import QuestionText

TODAY = date(2026, 11, 24)
FACTS: Facts = reviewed_facts()
SINGLE = QuestionText(
    code="loan-901",
    scam_type="loan",
    kind="single",
    stem="网贷客服说您卡号填错，要先交“解冻费”才能放款，您应该怎么做？",
    options={"A": "先交一半试试", "B": "不转账，打96110问一问", "C": "借钱凑够再交", "D": "把验证码念给客服"},
    answer=["B"],
    explanation="正规贷款放款前不收任何费用，先要钱的就是骗局。不转账，保存好聊天记录，马上打110报警。",
    difficulty=1,
    audience=[],
    source="反诈常识",
    reviewed=TODAY,
)
JUDGE = replace(SINGLE, kind="judge", options={"T": "对", "F": "错"}, answer=["F"])


def all_faults(question: QuestionText) -> list[str]:
    """Everything that a check says about a question beyond its shape."""
    found: Iterable[tuple[str, str]] = [
        *find_wrong(question, FACTS),
        *find_unreviewed(question, FACTS, today=TODAY),
        *find_broken_options(question),
        *find_wording_faults(question),
    ]
    assert all(mend for _, mend in found)
    return [what for what, _ in found]


def explained(said: str) -> QuestionText:
    """A question whose explanation says this, and is long enough."""
    return replace(SINGLE, explanation=f"{SINGLE.explanation}{said}")


def with_options(**options: str) -> QuestionText:
    return replace(SINGLE, options={**SINGLE.options, **options})


def stated(stem: str, answer: str) -> QuestionText:
    return replace(JUDGE, stem=stem, answer=[answer])


def test_a_clean_question_has_no_faults() -> None:
    assert all_faults(SINGLE) == []
    assert all_faults(JUDGE) == []


# --- what would mislead: hotlines, statutes, claims -------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "拿不准就拨打12381。",
        "拿不准就打“12381”问问。",
        "可以向12381反映。",
        "让家人帮您拨打12381。",
        "只要您起疑就打12381。",
        "12381来电要接。",
        "12381可以咨询。",
        "12381客服会帮您核实。",
        "被骗后马上打12321报警。",
        "骗子来电可以打12321劝阻。",
        "看到显示96110的来电就是骗子，请挂断96110。",
        "请把96110拉黑，拒接96110的来电。",
        "卡丢了打96110挂失。",
        "被骗后打96110报案。",
        "收到推销就打110投诉。",
        "打12345报案。",
        "买到假货打12315报警。",
        "拨打119举报诈骗。",
        "拨打120核实对方身份。",
    ],
)
def test_a_hotline_with_another_meaning_is_named(said: str) -> None:
    (what,) = all_faults(explained(said))
    assert what.startswith("explanation says “")


@pytest.mark.parametrize(
    "said",
    [
        "12381只发预警短信，不是给大家拨打的热线。",
        "咨询打96110，而不是打12381。",
        "不用打12381。",
        "有人自称“12381客服”打来电话，就要当心。",
        "收到12381的短信后，打96110问一问。",
        "骚扰电话可以向12321举报。",
        "12321不能报警。",
        "96110或110报警都可以。",
        "别挂断96110的来电。",
        "叫您拒接96110的人，多半就是骗子。",
        "12345是政务服务便民热线，有人身危险时打120，着火打119。",
    ],
)
def test_a_hotline_with_its_reviewed_meaning_passes(said: str) -> None:
    assert all_faults(explained(said)) == []


def test_the_mending_of_a_misused_hotline_is_its_meaning() -> None:
    ((_, mend),) = find_wrong(explained("拨打12381。"), FACTS)
    assert mend == "12381 is 工信部预警短信号码：只发短信，打不通也不来电"


@pytest.mark.parametrize("number", ["114", "12377", "95588", "10086", "400-123-4567", "13812345678", "025-12345678"])
def test_a_number_outside_the_reviewed_list_is_named_wherever_it_is_advice(number: str) -> None:
    for question, place in (
        (explained(f"可以打{number}。"), "explanation"),
        (explained(f"另有{number}。"), "explanation"),
        (with_options(B=f"找{number}问"), "option B"),
        (stated(f"{number}可以咨询诈骗。", "T"), "stem"),
    ):
        assert all_faults(question) == [f"{place} names {number}, no reviewed hotline"]


@pytest.mark.parametrize("number", ["10000", "1688", "777"])
def test_a_number_that_people_are_told_to_call_needs_no_known_shape(number: str) -> None:
    assert all_faults(explained(f"可以拨打{number}。")) == [f"explanation names {number}, no reviewed hotline"]
    assert all_faults(explained(f"编号{number}是假的。")) == []


@pytest.mark.parametrize(
    "question",
    [
        with_options(A="打12377"),
        stated("12377可以报警。", "F"),
        replace(SINGLE, stem="对方来电显示400-123-4567，自称客服，要您打95588，您怎么做？"),
        explained("来电说“请拨打400-123-4567”，不要照做。"),
        explained("垫100元返120元，一单一单越垫越多，10人里没有1人拿回12000元，更没有96800多的大奖。"),
        explained("先垫115元，再垫12888元，第117期开奖是假的，共欠95123元。"),
        explained("转出去12000、10500和128000，都追不回来；第110条消息也是假的。"),
    ],
)
def test_a_number_in_a_story_a_wrong_option_or_an_amount_is_no_advice(question: QuestionText) -> None:
    assert all_faults(question) == []


@pytest.mark.parametrize(
    ("said", "source", "what"),
    [
        ("《反电信网络诈骗法》第五十一条", "", "article 51 of 《反电信网络诈骗法》, which has 50"),
        ("《反电信网络诈骗法》第51条", "", "article 51 of 《反电信网络诈骗法》, which has 50"),
        ("《反电信网络诈骗法》第三十一条、第六十条", "", "article 60 of 《反电信网络诈骗法》, which has 50"),
        ("反电信网络诈骗法第九十条", "", "article 90 of 《反电信网络诈骗法》, which has 50"),
        ("《中华人民共和国反电信网络诈骗法》第九十条", "", "article 90 of 《反电信网络诈骗法》, which has 50"),
        ("《刑法》第四百五十三条", "", "article 453 of 《刑法》, which has 452"),
        ("《反电信网络诈骗法》第五十条", "", "article 50 of 《反电信网络诈骗法》, which nobody has reviewed"),
        ("《反电信网络诈骗法》第十二条", "", "article 12 of 《反电信网络诈骗法》, which nobody has reviewed"),
        ("《刑法》第二百五十三条", "", "article 253 of 《刑法》, which nobody has reviewed"),
        ("《刑法》第二百八十七条之一", "", "article 287-1 of 《刑法》, which nobody has reviewed"),
        ("《个人信息保护法》第七条", "", "article 7 of 《个人信息保护法》, which nobody has reviewed"),
        ("《治安管理处罚法》", "", "names 《治安管理处罚法》, no reviewed statute"),
        ("《征信业管理条例》第三条", "", "names 《征信业管理条例》, no reviewed statute"),
        ("《刑法》第二百六十六条", "《反电信网络诈骗法》第二条", "《刑法》 is named, the source does not name it"),
    ],
)
def test_a_wrong_or_unreviewed_citation_is_named(said: str, source: str, what: str) -> None:
    found = all_faults(replace(explained(f"{said}有规定。"), source=source or said))
    assert found
    assert all(what in one for one in found)


def test_a_citation_in_the_source_alone_or_in_a_stem_is_checked_too() -> None:
    assert all_faults(replace(SINGLE, source="《反电信网络诈骗法》第五十一条")) == [
        "source quotes article 51 of 《反电信网络诈骗法》, which has 50"
    ]
    asked = replace(SINGLE, stem="按《反电信网络诈骗法》第五十一条，出租银行卡有什么后果？")
    assert all_faults(asked) == [
        "stem quotes article 51 of 《反电信网络诈骗法》, which has 50",
        "《反电信网络诈骗法》 is named, the source does not name it",
    ]


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("《反电信网络诈骗法》第三十一条规定不能出租。", "《反电信网络诈骗法》第三十一条、第四十四条"),
        ("《反电信网络诈骗法》规定不能出租。", "《反电信网络诈骗法》第31条"),
        ("《刑法》第二百五十三条之一、第二百八十七条之二和第312条都有规定。", "《中华人民共和国刑法》第266条"),
        ("《个人信息保护法》第四十五条至第四十七条有规定。", "《个人信息保护法》第四十五条至第四十七条"),
        ("《夕阳红》群里的《理财手册》第九条是骗人的。", "反诈常识"),
        ("“《保密条例》第九条”是骗子编的，群里第三条消息也是。", "反诈常识"),
    ],
)
def test_reviewed_articles_pass(said: str, source: str) -> None:
    assert all_faults(replace(explained(said), source=source)) == []


def test_papers_in_a_story_and_articles_in_wrong_options_are_no_citations() -> None:
    assert all_faults(replace(SINGLE, stem="“民警”出示《案件保密规定》第九条，要您别告诉家人，您怎么做？")) == []
    assert all_faults(with_options(A="按《反电信网络诈骗法》第九十条")) == []


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("一", 1), ("十", 10), ("十二", 12), ("五十", 50), ("一百零三", 103), ("二百八十七", 287), ("一千二百", 1200)],
)
def test_chinese_numerals_are_read_as_arabic_ones(numeral: str, value: int) -> None:
    assert numeral_value(numeral) == numeral_value(str(value)) == value
    assert list(cited_in(f"刑法第{numeral}条之二", ["刑法"])) == [Citation("刑法", ""), Citation("刑法", f"{value}-2")]


@pytest.mark.parametrize(
    "claim",
    [
        "这样做绝对安全",
        "能做到百分之百防骗",
        "100%不会上当",
        "及时报警一定能追回",
        "钱肯定会全额追回",
        "警方保证追回",
        "银行会全额退还",
        "装上软件就永远不会被骗",
        "这个办法万无一失",
        "这是零风险的做法",
        "记住这三条就不会再上当",
    ],
)
def test_an_absolute_claim_is_named_where_people_take_it_for_true(claim: str) -> None:
    for question in (explained(f"{claim}。"), with_options(B=claim), stated(f"{claim}。", "T")):
        (what,) = all_faults(question)
        assert "claims “" in what
    for question in (with_options(A=claim), stated(f"{claim}。", "F"), explained(f"“{claim}”是骗子的话。")):
        assert all_faults(question) == []


@pytest.mark.parametrize(
    "said",
    [
        "没有绝对安全的投资。",
        "谁也不能保证追回。",
        "对方承诺保证追回，是第二次骗。",
        "说零风险的，别信。",
        "保证追回的都是骗子。",
        "放进钱包退回给他。",
        "音量调到2100%也没用。",
    ],
)
def test_a_claim_denied_or_reported_is_none(said: str) -> None:
    assert all_faults(explained(said)) == []


@pytest.mark.parametrize(
    "said", ["不用担心，一定能追回。", "特别及时就一定能追回。", "没有转走的钱只要报警就一定能追回。"]
)
def test_a_denial_of_something_else_does_not_hide_a_claim(said: str) -> None:
    assert all_faults(explained(said)) == ["explanation claims “一定能追回”"]


def test_a_review_to_come_is_named() -> None:
    assert all_faults(replace(SINGLE, reviewed=date(2026, 11, 25))) == ["reviewed on 2026-11-25, which is to come"]


# --- options that fail when shuffled ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"A": "先交，一半试试"}, ""),
        ({"C": "先交一半试试！"}, "options A and C differ in punctuation alone"),
        ({"A": "1.5倍", "C": "15倍"}, ""),
        ({"A": "=1", "C": "-1", "D": "+1."}, ""),
        ({"A": "App", "D": "“App”."}, "options A and D differ in punctuation alone"),
        ({"D": "以上都是"}, "option D speaks of the others: 以上都是"),
        ({"D": "以上都对"}, "option D speaks of the others: 以上都对"),
        ({"D": "以上皆是"}, "option D speaks of the others: 以上皆是"),
        ({"D": "上述做法均可"}, "option D speaks of the others: 上述做法均可"),
        ({"D": "前三项都不对"}, "option D speaks of the others: 前三项都不对"),
        ({"D": "其他选项都错"}, "option D speaks of the others: 其他选项都错"),
        ({"D": "全选"}, "option D speaks of the others: 全选"),
        ({"D": "把以上聊天记录都留好"}, ""),
        ({"D": "三个群都是他介绍的"}, ""),
        ({"D": "和选项A一样"}, "option D names an option by its letter: 选项A"),
    ],
)
def test_options_stand_alone(changed: Mapping[str, str], what: str) -> None:
    assert all_faults(with_options(**changed)) == ([what] if what else [])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("所以选A。", "选A"),
        ("应选“B”。", "选“B"),
        ("A选项是骗局。", "A选项"),
        ("B项是骗局。", "B项"),
        ("答案是C。", "答案是C"),
        ("答案为D。", "答案为D"),
        ("他选A股还是基金，都要自己打听。", ""),
        ("选App要去官方商店。", ""),
        ("AI项目和A项目都要查。", ""),
        ("骗子会让您选择B站的视频。", ""),
    ],
)
def test_no_text_names_an_option_by_its_letter(said: str, found: str) -> None:
    expected = f"explanation names an option by its letter: {found}"
    assert all_faults(explained(said)) == ([expected] if found else [])
    assert len(all_faults(replace(SINGLE, stem=said))) == bool(found)


# --- wording ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "what"),
    [
        (replace(SINGLE, stem="题" * 201), "the stem has 201 characters"),
        (replace(SINGLE, stem="题" * 200), ""),
        (with_options(C="长" * 61), "option C has 61 characters"),
        (with_options(C="长" * 60), ""),
        (replace(SINGLE, explanation="短" * 29), "the explanation has 29 characters"),
        (replace(SINGLE, explanation="短" * 30), ""),
        (replace(SINGLE, explanation="长" * 301), "the explanation has 301 characters"),
        (replace(SINGLE, explanation="长" * 300), ""),
    ],
)
def test_lengths_are_bounded(question: QuestionText, what: str) -> None:
    assert all_faults(question) == ([what] if what else [])


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("詐騙電話不要接。", "has 詐 騙 電 話, traditional or rare"),
        ("轉帳以後，", "has 轉 帳 後, traditional or rare"),
        ("他很啰嗦。", ""),
        ("打开APP,下载", "has half-width ,"),
        ("他说:好", "has half-width :"),
        ("真的?不", "has half-width ?"),
        ("反诈中心(官方)的", "has half-width ( )"),
        ('他说"好', 'has half-width "'),
        ("结束.然后", "has half-width ."),
        ("涨了1.8万，12:30到，见www.example.com/a?b=c。AI Agent, App.", ""),
        ("打９６１１０", "has full-width ９６１１０"),
        ("用ＡＰＰ", "has full-width ＡＰＰ"),
        ("他说“好。", "has a “ or ” without its other half"),
        ("他说“好”。", ""),
    ],
)
def test_characters_and_punctuation_are_those_of_simplified_chinese(said: str, what: str) -> None:
    for question, place in (
        (explained(said), "explanation"),
        (replace(SINGLE, stem=said), "stem"),
        (with_options(D=said), "option D"),
        (replace(SINGLE, source=said), "source"),
    ):
        assert all_faults(question) == ([f"{place} {what}"] if what else [])


def test_common_traditional_characters_are_told_from_simplified_ones() -> None:
    traditional = (
        "詐騙電話銀賬號碼轉帳貸網絡戶驗證檢機關檔來時會這個們說請點擊連結與為還對開門問題應該聽覺學習經濟錢買賣寶貝"
    )
    assert {char for char in traditional if not is_not_simplified(char)} == set()
    level_one = [bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF)]
    assert len(level_one) == 3666
    assert {char for char in level_one if is_not_simplified(char)} <= set("後於徵")
