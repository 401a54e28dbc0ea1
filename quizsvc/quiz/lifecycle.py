"""The life of a question: draft, reviewed, retired. Only what is reviewed is dealt.

A reviewed question whose text was changed keeps its former text in force while the new one waits for a review.
"""

from dataclasses import dataclass

from quizsvc.quiz.rules import QuestionText

DRAFT, REVIEWED, RETIRED = STATES = ("draft", "reviewed", "retired")
WAITING = "waiting"  # as people see it: reviewed, and a newer text waits
FILED = "filed"  # what a question file says: its questions were reviewed before they got there


@dataclass(frozen=True)
class Standing:
    """How a question stands. `version` is in force, `waiting` a newer one of a reviewed question, if any.

    `changed_by` brought the newest text.
    """

    state: str
    version: int
    waiting: int | None
    changed_by: str

    @property
    def newest(self) -> int:
        return self.waiting or self.version

    @property
    def shown(self) -> str:
        """The state as people see it."""
        return WAITING if self.waiting else self.state


@dataclass(frozen=True)
class Entry:
    """A question's newest text with its state as people see it; on the way in, with the state that is wanted.

    None wants what stands, and of a new question a draft.
    """

    text: QuestionText
    state: str | None


def settle(
    standing: Standing | None, *, new_text: bool, wanted: str | None, by: str, second_person: bool
) -> Standing | None:
    """How a question stands once `by` has brought it with this wish. None: it cannot be.

    Where a review needs a second person, who brought the newest text cannot put it into force: it waits. A file never
    brings back what was retired. What was reviewed is no draft again: its text has been in people's hands.
    """
    before = standing or Standing(DRAFT, 0, None, by)
    newest = before.newest + new_text
    author = by if new_text else before.changed_by
    if wanted == FILED:
        wanted, second_person = (RETIRED if before.state == RETIRED else REVIEWED), False
    wanted = wanted or before.shown
    if wanted == RETIRED:
        return Standing(RETIRED, newest, None, author)
    if wanted == REVIEWED and before.shown == REVIEWED and not new_text:
        return before
    if wanted == REVIEWED and not (second_person and by == author):
        return Standing(REVIEWED, newest, None, author)
    if before.state != REVIEWED:
        return Standing(DRAFT, newest, None, author)
    return Standing(REVIEWED, before.version, newest, author) if newest > before.version else None
