"""How a question reads: lengths, options, characters and punctuation."""

import re
from collections.abc import Iterator
from itertools import combinations

from quizsvc.quiz.passages import passages_of
from quizsvc.quiz.rules import JUDGE, QuestionText

Fault = tuple[str, str]
LONGEST_STEM, LONGEST_OPTION = 200, 60
SHORTEST_EXPLANATION, LONGEST_EXPLANATION = 30, 300

IDEOGRAPH = "\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# GB 2312 is the character set of simplified writing: what it lacks is traditional or rare. It lacks a few that are
# plain (of 通用规范汉字表), and has a few that are traditional in running text.
PLAIN = frozenset("啰嘞嘚嗐囧咻瞭睏镕馃煲薅")
TRADITIONAL = frozenset("後於徵鍾麽")

IDLE = re.compile(r"[\s，。；：！？、…“”‘’（）,;:!?\"'()]|\.$")  # says nothing; 1.5 and 15, +1 and -1 do differ

ABOUT_OTHERS = re.compile(
    r"(?:以上|上述|前[一二三四五两几]|其[他余])(?:选项|[几各]?[项种个条]|做法|说法|情况)?(?:都|皆|均|全)"
    r"|^(?:都对|都是|都不对|都不是|全对|全错|全选|都可以)$"
)
LETTER = r"(?<![A-Za-z])[A-FＡ-Ｆ](?![A-Za-z])"
NAMES_LETTER = re.compile(
    rf"选项?[“（]?{LETTER}(?!股|类|卡|级)|{LETTER}[”）]?(?:选项|项(?!目))|答案(?:是|为|选|：)?[“（]?{LETTER}"
)
HALF_WIDTH = re.compile(rf"(?<=[{IDEOGRAPH}])[,.:;?!()\"'<>]|[,.:;?!()\"'<>](?=[{IDEOGRAPH}])")
FULL_WIDTH = re.compile(r"[０-９Ａ-Ｚａ-ｚ]+")
MARKS = re.compile(r"“[^“”]*”")


def find_broken_options(question: QuestionText) -> Iterator[Fault]:
    """What fails once options are shuffled for each person, as (what, how to mend): no bank may hold it."""
    if question.kind != JUDGE:
        for (first, one), (second, other) in combinations(question.options.items(), 2):
            if one != other and IDLE.sub("", one) == IDLE.sub("", other):
                yield f"options {first} and {second} differ in punctuation alone", "make them differ"
        for letter, text in question.options.items():
            if ABOUT_OTHERS.search(text):
                yield f"option {letter} speaks of the others: {text}", "options are shuffled: let each stand alone"
    for passage in passages_of(question):
        if found := NAMES_LETTER.search(passage.text):
            yield f"{passage.place} names an option by its letter: {found[0]}", "options are shuffled: say its words"


def find_wording_faults(question: QuestionText) -> Iterator[Fault]:
    """What a reviewer would have rewritten, as (what, how to mend)."""
    yield from _lengths(question)
    for place, text in [*((one.place, one.text) for one in passages_of(question)), ("source", question.source)]:
        if odd := [char for char in dict.fromkeys(text) if is_not_simplified(char)]:
            yield f"{place} has {' '.join(odd)}, traditional or rare", "write simplified characters"
        if found := HALF_WIDTH.findall(text):
            yield f"{place} has half-width {' '.join(dict.fromkeys(found))}", "use ，。：；？！（）“” in Chinese text"
        if found := FULL_WIDTH.findall(text):
            yield f"{place} has full-width {' '.join(dict.fromkeys(found))}", "write digits and letters half-width"
        if set("“”") & set(MARKS.sub("", text)):
            yield f"{place} has a “ or ” without its other half", "pair them: speech is told from advice by them"


def _lengths(question: QuestionText) -> Iterator[Fault]:
    if len(question.stem) > LONGEST_STEM:
        yield f"the stem has {len(question.stem)} characters", f"use at most {LONGEST_STEM}"
    for letter, text in question.options.items():
        if len(text) > LONGEST_OPTION:
            yield f"option {letter} has {len(text)} characters", f"use at most {LONGEST_OPTION}"
    if not SHORTEST_EXPLANATION <= len(question.explanation) <= LONGEST_EXPLANATION:
        what = f"the explanation has {len(question.explanation)} characters"
        yield what, f"use {SHORTEST_EXPLANATION} to {LONGEST_EXPLANATION}: say why, and what to do"


def is_not_simplified(char: str) -> bool:
    """Whether a character is an ideograph outside simplified writing."""
    if not re.match(f"[{IDEOGRAPH}]", char) or char in PLAIN:
        return False
    return char in TRADITIONAL or not char.encode("gb2312", errors="ignore")
