"""The texts of a question, and which of them the service itself vouches for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quizsvc.quiz.rules import JUDGE, QuestionText

SPEECH = re.compile(r"“[^“”]*”|‘[^‘’]*’")
QUOTED_NUMBER = re.compile(r"“([\d-]+)”")  # a number in quotation marks is still a number, not speech
CLAUSE_END = re.compile(r"[，。；！？\n]")
# Before a phrase: denied close by ("没有绝对安全的…", but "拿不准就…" denies nothing), or what somebody else says in
# the same clause ("承诺保证追回", "叫您拒接…").
TURNED = re.compile(
    r"(?:不(?!准|懂|清|明|对|放心)|没|无|未|莫|勿|(?<!特)别(?!人)).{0,5}$|说|称|承诺|(?<!只)(?:让|叫|要)[您你]"
)
TOLD_AS_FRAUD = re.compile(r"是[^是]{0,6}[骗假诈]")  # after it: "保证追回的都是骗子"


@dataclass(frozen=True)
class Passage:
    """One text of a question. `told`: people take it for the truth, so every word of it must hold."""

    place: str
    text: str
    told: bool


def passages_of(question: QuestionText) -> Iterator[Passage]:
    """Stem, options and explanation. Right options, explanations and true statements are told; the rest is a story."""
    is_judge = question.kind == JUDGE
    yield Passage("stem", question.stem, is_judge and list(question.answer) == ["T"])
    if not is_judge:
        for letter, text in question.options.items():
            yield Passage(f"option {letter}", text, letter in question.answer)
    yield Passage("explanation", question.explanation, True)


def own_words(text: str) -> str:
    """A text without what it quotes: speech in “ ” is somebody else's claim."""
    return SPEECH.sub("“”", QUOTED_NUMBER.sub(r"\1", text))


def outright(pattern: str, text: str) -> Iterator[str]:
    """Where a text says a phrase in its own words, neither denied nor reported in the same clause."""
    for clause in CLAUSE_END.split(own_words(text)):
        for found in re.finditer(pattern, clause):
            if not TURNED.search(clause[: found.start()]) and not TOLD_AS_FRAUD.search(clause[found.end() :]):
                yield found[0]


def bare(text: str) -> str:
    """A text's letters and digits alone."""
    return re.sub(r"[\W_]", "", text)
