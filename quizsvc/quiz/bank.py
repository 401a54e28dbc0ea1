"""Bring questions into the bank, say what that changes, give them out again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.files import shipped
from quizsvc.kit.ids import new_alias
from quizsvc.kit.problems import parse_toml, read_text
from quizsvc.quiz import bank_store
from quizsvc.quiz.rules import QuestionText, ScamType


@dataclass(frozen=True)
class Change:
    """A question that is new or gets a new version. `before` and `after` hold what differs; new ones have neither."""

    question: QuestionText
    version: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Loaded:
    """What a load did, or would do."""

    added: int
    changed: int
    unchanged: int
    changes: Sequence[Change] = field(default=(), compare=False, repr=False)


def load_bank(questions: Sequence[QuestionText]) -> Loaded:
    """Take checked questions over by code: new ones are added, a changed text makes a new version.

    Papers in hand keep their versions. Safe to repeat; questions that are not in the files stay as they are.
    """
    bank_store.lock_bank(epoch=new_alias())
    for one in known_scam_types():
        bank_store.add_scam_type(one)
    loaded = preview(questions)
    for change in loaded.changes:
        content_hash = sha256_hex(canonical(_document(change.question)))
        bank_store.record_question(change.question, version=change.version, content_hash=content_hash)
    if loaded.changes:
        bank_store.record_epoch(new_alias())
    return loaded


def preview(questions: Sequence[QuestionText]) -> Loaded:
    """What loading these questions would do; changes nothing."""
    standing = bank_store.list_texts()
    changes: list[Change] = []
    for question in questions:
        version, text = standing.get(question.code, (0, None))
        before, after = {} if text is None else _document(text), _document(question)
        if before != after:
            differing = [name for name in before if before[name] != after[name]]
            said = [{name: document[name] for name in differing} for document in (before, after)]
            changes.append(Change(question, version + 1, *said))
    added = sum(change.version == 1 for change in changes)
    return Loaded(added, len(changes) - added, len(questions) - len(changes), changes)


def list_texts(scam_types: Sequence[str] = ()) -> list[QuestionText]:
    """The bank's questions by scam type and code; of these scam types or of all."""
    texts = [text for _, text in bank_store.list_texts().values()]
    wanted = [text for text in texts if not scam_types or text.scam_type in scam_types]
    return sorted(wanted, key=lambda text: (text.scam_type, text.code))


def _document(question: QuestionText) -> dict[str, Any]:
    return {**asdict(question), "reviewed": question.reviewed.isoformat()}


def known_scam_types() -> list[ScamType]:
    """The scam types that ship with the service."""
    path = shipped("quiz/scam_types.toml")
    return [ScamType(**entry) for entry in parse_toml(read_text(path), file=str(path))["scam_type"]]
