"""Hotlines, statutes and claims: whether what a question tells people has been reviewed, and holds."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from quizsvc.quiz.passages import Passage, outright, own_words, passages_of
from quizsvc.quiz.rules import QuestionText

Fault = tuple[str, str]
UNIT = r"[元块万亿千百余多个次天年月日小时分秒公里米斤克户条张笔单件份倍名位岁步台度%％]|人(?!工)"
# A number that somebody may dial: after a word for calling, or by its shape. An amount carries its unit.
CALLABLE = re.compile(
    r"(?<![\d.,第-])(?:(?<=[打拨电线])\d{3,}|(?:400|800)-?\d{3}-?\d{4}|0\d{2,3}-?\d{7,8}|1[3-9]\d{9}"
    rf"|(?!\d+00(?!\d))(?:1[02]|9[56])\d{{3}}|1[12]\d)(?![\d.,-]|{UNIT})",
    re.ASCII,
)
STATUTE_ENDS = ("法", "法典", "条例", "规定", "办法", "细则")
DIGITS = {**{char: value for value, char in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2}
TENS = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True)
class Hotline:
    """A number that may be named as advice. `never`: patterns, # for the number, that would give it another meaning."""

    number: str
    meaning: str
    source: str
    never: Sequence[str]


@dataclass(frozen=True)
class Statute:
    """A law, how many articles it has, and those whose text was read ("253-1" is 第二百五十三条之一)."""

    name: str
    articles: int
    reviewed: Sequence[str]


@dataclass(frozen=True)
class Facts:
    """What was reviewed and may be told, by number and by name, and the claims that may not be made."""

    hotlines: Mapping[str, Hotline]
    statutes: Mapping[str, Statute]
    claims: Sequence[str]


@dataclass(frozen=True)
class Citation:
    """A statute as a text names it; `article` is empty where only its name stands."""

    statute: str
    article: str

    def exists_in(self, statute: Statute) -> bool:
        return not self.article or 1 <= int(self.article.partition("-")[0]) <= statute.articles


def find_wrong(question: QuestionText, facts: Facts) -> Iterator[Fault]:
    """What would mislead people, as (what, how to mend): no bank may hold it."""
    for passage in passages_of(question):
        if passage.told:
            yield from _misused_hotlines(passage, facts.hotlines)
            for said in outright("|".join(facts.claims), passage.text):
                yield f"{passage.place} claims “{said}”", "say what can be kept; a fraudster's words go into “ ”"
    for place, cited in _citations_of(question, facts.statutes):
        statute = facts.statutes.get(cited.statute)
        if statute and not cited.exists_in(statute):
            what = f"{place} quotes article {cited.article} of 《{statute.name}》, which has {statute.articles}"
            yield what, "quote the article that says it"


def find_unreviewed(question: QuestionText, facts: Facts, *, today: date) -> Iterator[Fault]:
    """What nobody has reviewed, as (what, how to mend): it may be right, and does not ship before somebody looked."""
    if question.reviewed > today:
        yield f"reviewed on {question.reviewed}, which is to come", "write the day of the last review"
    for passage in passages_of(question):
        if passage.told:
            for number in dict.fromkeys(CALLABLE.findall(own_words(passage.text))):
                if number not in facts.hotlines:
                    yield (
                        f"{passage.place} names {number}, no reviewed hotline",
                        "name a reviewed one, or have it added",
                    )
    yield from _unreviewed_statutes(question, facts.statutes)


def _misused_hotlines(passage: Passage, hotlines: Mapping[str, Hotline]) -> Iterator[Fault]:
    for number, hotline in hotlines.items():
        misuse = "|".join(hotline.never).replace("#", rf"(?<!\d){number}(?!\d)")
        for said in outright(misuse, passage.text):
            yield f"{passage.place} says “{said}”", f"{number} is {hotline.meaning}"


def _unreviewed_statutes(question: QuestionText, statutes: Mapping[str, Statute]) -> Iterator[Fault]:
    cited = list(dict.fromkeys(_citations_of(question, statutes)))
    for place, one in cited:
        statute = statutes.get(one.statute)
        if statute is None:
            yield f"{place} names 《{one.statute}》, no reviewed statute", "name a reviewed one, or have it added"
        elif one.article and one.exists_in(statute) and one.article not in statute.reviewed:
            what = f"{place} quotes article {one.article} of 《{one.statute}》, which nobody has reviewed"
            yield what, f"reviewed are {', '.join(statute.reviewed)}; have it added"
    in_source = {one.statute for place, one in cited if place == "source"}
    for name in dict.fromkeys(one.statute for _, one in cited if one.statute not in in_source):
        yield f"《{name}》 is named, the source does not name it", "name statute and article in source"


def _citations_of(question: QuestionText, known: Collection[str]) -> Iterator[tuple[str, Citation]]:
    """Every statute that a question relies on. A story may show invented papers, a wrong option any article."""
    for passage in passages_of(question):
        if passage.told or passage.place == "stem":
            for citation in cited_in(own_words(passage.text), known):
                if passage.told or citation.statute in known:
                    yield passage.place, citation
    for citation in cited_in(question.source, known):
        yield "source", citation


def cited_in(text: str, known: Collection[str]) -> Iterator[Citation]:
    """The statutes of a text with their articles: 《刑法》第二百六十六条、第312条 is three citations of one statute."""
    name = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    numeral = f"[{''.join(DIGITS)}{''.join(TENS)}\\d]+"
    token = rf"《(?:中华人民共和国)?([^《》]+)》|({name})(?=第)|第({numeral})条(?:之({numeral}))?"
    statute = None
    for title, bare_name, article, sub in re.findall(token, text):
        if not article:
            named = title or bare_name
            statute = named if named.endswith(STATUTE_ENDS) else None
        if statute:
            number = str(numeral_value(article)) if article else ""
            yield Citation(statute, f"{number}-{numeral_value(sub)}" if sub else number)


def numeral_value(numeral: str) -> int:
    """A Chinese or Arabic numeral below ten thousand: 二百八十七, 287."""
    if numeral.isdecimal():
        return int(numeral)
    total = digit = 0
    for char in numeral:
        if char in TENS:
            total, digit = total + (digit or 1) * TENS[char], 0
        else:
            digit = DIGITS.get(char, 0)
    return total + digit
