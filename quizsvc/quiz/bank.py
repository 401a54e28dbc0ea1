"""Bring questions into the bank, say what that changes, give them out again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.errors import Refusal
from quizsvc.kit.files import shipped
from quizsvc.kit.ids import new_alias
from quizsvc.kit.pages import PageOf, decode_cursor, page_from
from quizsvc.kit.problems import FileRefused, Problem, parse_toml, read_text
from quizsvc.quiz import bank_store, faring, lifecycle, store
from quizsvc.quiz.faring import Faring
from quizsvc.quiz.lifecycle import Entry, Standing
from quizsvc.quiz.rules import QuestionText, ScamType

PAPERS_AT_ONCE = 2000
RECENT = 10_000


class QuestionUnknown(Refusal):
    code, status = "quiz.question_unknown", 404
    zh, en = "题库里没有这道题", "There is no such question"


@dataclass(frozen=True)
class Change:
    """A question that is new, has a new text or stands otherwise than before.

    `before` and `after`: what differs, by the names of a question file, and `state`. A new one has no `before`.
    """

    text: QuestionText
    standing: Standing
    new_text: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Loaded:
    """What a load did, or would do."""

    added: int
    changed: int
    unchanged: int
    changes: Sequence[Change] = field(default=(), compare=False, repr=False)


def load_bank(questions: Sequence[QuestionText], *, by: str = accounts.SYSTEM) -> Loaded:
    """Take the questions of files over by code: new ones are added, a changed text makes a new version in force.

    Papers in hand keep their versions. Safe to repeat; questions that are not in the files stay as they are, and what
    was retired stays retired.
    """
    return load_entries([Entry(question, lifecycle.FILED) for question in questions], by=by, second_person=False)


def load_shipped(questions: Sequence[QuestionText]) -> Loaded:
    """As load_bank, but what a person has changed since stays as it is."""
    standing = bank_store.list_standing()
    ours = [one for one in questions if one.code not in standing or standing[one.code][0].changed_by == accounts.SYSTEM]
    return load_bank(ours)


def load_entries(entries: Sequence[Entry], *, by: str, second_person: bool) -> Loaded:
    """Take questions over with the states that are wanted of them; FileRefused names what cannot be.

    Where reviews need a second person, a text that its own author wants in force waits; see lifecycle.settle.
    """
    bank_store.lock_bank(epoch=new_alias())
    for one in known_scam_types():
        bank_store.add_scam_type(one)
    loaded = preview(entries, by=by, second_person=second_person)
    _record(loaded.changes)
    return loaded


def preview(entries: Sequence[Entry], *, by: str, second_person: bool) -> Loaded:
    """What load_entries would do; changes nothing."""
    stands = bank_store.list_standing()
    changes: list[Change] = []
    problems: list[Problem] = []
    for entry in entries:
        before, text = stands.get(entry.text.code, (None, None))
        new_text = text is None or _document(text) != _document(entry.text)
        after = lifecycle.settle(before, new_text=new_text, wanted=entry.state, by=by, second_person=second_person)
        if after is None:
            mend = "write 已审核, or 已停用 to take it out"
            problems.append(Problem(entry.text.code, "was reviewed and has the same text: it is no draft", mend))
        elif after != before:
            changes.append(_change(before, text, after, entry.text))
    if problems:
        raise FileRefused(problems)
    added = sum(not change.before for change in changes)
    return Loaded(added, len(changes) - added, len(entries) - len(changes), changes)


def set_state(codes: Sequence[str], state: str, *, by: str, second_person: bool) -> Sequence[Change]:
    """Review (also again, after they were retired) or retire questions; returns those that changed. Safe to repeat.

    FileRefused names codes that do not exist, and those that `by` cannot review: where a second person is needed, not
    who brought the newest text.
    """
    bank_store.lock_bank(epoch=new_alias())
    stands = bank_store.list_standing()
    changes: list[Change] = []
    problems: list[Problem] = []
    for code in dict.fromkeys(codes):
        if code not in stands:
            problems.append(Problem(code, "is no question of the bank", "check the code"))
            continue
        before, text = stands[code]
        after = lifecycle.settle(before, new_text=False, wanted=state, by=by, second_person=second_person)
        if after is None or after.shown != state:
            mend = "let another operator review it"
            problems.append(Problem(code, f"its text was last changed by {before.changed_by}", mend))
        elif after != before:
            changes.append(_change(before, text, after, text))
    if problems:
        raise FileRefused(problems)
    _record(changes)
    return changes


def list_entries(scam_types: Sequence[str] = ()) -> list[Entry]:
    """The bank's newest texts by scam type and code; of these scam types or of all."""
    entries = [Entry(text, standing.shown) for standing, text in bank_store.list_standing().values()]
    wanted = [one for one in entries if not scam_types or one.text.scam_type in scam_types]
    return sorted(wanted, key=lambda one: (one.text.scam_type, one.text.code))


def write_down(changes: Sequence[Change], *, act: str, by: str, now: datetime) -> None:
    """Tell the audit log what differs in each question that was changed."""
    for change in changes:
        newest = change.standing.newest
        before = {"version": newest - change.new_text, **change.before} if change.before else None
        after = {"version": newest, **change.after}
        accounts.audit(by, act=act, subject=change.text.code, before=before, after=after, now=now)


@dataclass(frozen=True)
class Listed:
    """A question's newest text, and how it stands."""

    text: QuestionText
    standing: Standing


def search(*, scam_type: str | None, state: str | None, word: str, cursor: str | None, limit: int) -> PageOf[Listed]:
    """Questions by scam type and code. `state` as people see it; `word`: a part of the code, stem or explanation."""
    after = decode_cursor(cursor, parts=2) or ("", "")
    found = [
        Listed(text, standing)
        for standing, text in bank_store.list_standing().values()
        if scam_type in (None, text.scam_type)
        and state in (None, standing.shown)
        and (word in text.code or word in text.stem or word in text.explanation)
        and (text.scam_type, text.code) > after
    ]
    found.sort(key=_key_of)
    return page_from(found[: limit + 1], limit=limit, key=_key_of)


def _key_of(one: Listed) -> tuple[str, str]:
    return one.text.scam_type, one.text.code


def get_questions(codes: Sequence[str]) -> list[Listed]:
    """The questions with these codes, in this order; QuestionUnknown."""
    standing = bank_store.list_standing()
    if not all(code in standing for code in codes):
        raise QuestionUnknown
    return [Listed(standing[code][1], standing[code][0]) for code in dict.fromkeys(codes)]


def list_versions(code: str) -> Sequence[tuple[int, QuestionText]]:
    """Every text that a question ever had, with its number, the newest first."""
    return bank_store.list_versions(code)


def list_recent_farings(code: str) -> list[tuple[Faring, int]]:
    """How a question's versions fared in the newest papers that were marked in time, with their numbers.

    So many papers as a page can wait for: RECENT. All of them, `list_farings` reads.
    """
    versions = bank_store.list_version_numbers()
    own = {one.id: one for one in bank_store.list_questions() if one.code == code}
    answers = faring.count_answers((items, given) for _, items, given in store.list_newest_marked(limit=RECENT))
    mine = {key: times for key, times in answers.items() if key[0] in own}
    return [(one, versions[one.question.id]) for one in faring.list_farings(mine, own)]


def list_farings() -> list[tuple[Faring, int]]:
    """How every version that was answered in time fared, with its number.

    Papers are read page by page, and before the bank, so that the bank knows all their questions.
    """
    answers = faring.count_answers(_marked_papers())
    questions = {question.id: question for question in bank_store.list_questions()}
    versions = bank_store.list_version_numbers()
    return [(one, versions[one.question.id]) for one in faring.list_farings(answers, questions)]


def _marked_papers() -> Iterator[tuple[list[Any], list[str]]]:
    after = UUID(int=0)
    while page := store.list_marked(after=after, limit=PAPERS_AT_ONCE):
        yield from ((items, given) for _, items, given in page)
        after = page[-1][0]


def _change(before: Standing | None, old: QuestionText | None, after: Standing, new: QuestionText) -> Change:
    if before is None or old is None:
        return Change(new, after, True, {}, {"state": after.shown})
    was, now = {**_document(old), "state": before.shown}, {**_document(new), "state": after.shown}
    differing = [name for name in was if was[name] != now[name]]
    said = [{name: document[name] for name in differing} for document in (was, now)]
    return Change(new, after, before.newest != after.newest, *said)


def _record(changes: Sequence[Change]) -> None:
    for change in changes:
        bank_store.record_standing(change.text.code, change.standing)
        if change.new_text:
            content_hash = sha256_hex(canonical(_document(change.text)))
            bank_store.add_version(change.text, version=change.standing.newest, content_hash=content_hash)
    if changes:
        bank_store.record_epoch(new_alias())


def _document(question: QuestionText) -> dict[str, Any]:
    return {**asdict(question), "reviewed": question.reviewed.isoformat()}


def known_scam_types() -> list[ScamType]:
    """The scam types that ship with the service."""
    path = shipped("quiz/scam_types.toml")
    return [ScamType(**entry) for entry in parse_toml(read_text(path), file=str(path))["scam_type"]]
