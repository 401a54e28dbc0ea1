"""Bring questions into the bank, say what that changes, give them out again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from quizsvc.accounts import service as accounts
from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.files import shipped
from quizsvc.kit.ids import new_alias
from quizsvc.kit.problems import FileRefused, Problem, parse_toml, read_text
from quizsvc.quiz import bank_store, faring, lifecycle, store
from quizsvc.quiz.faring import Faring
from quizsvc.quiz.lifecycle import Entry, Standing
from quizsvc.quiz.rules import QuestionText, ScamType

PAPERS_AT_ONCE = 2000


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
