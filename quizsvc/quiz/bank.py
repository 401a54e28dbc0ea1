"""Bring question files into the bank."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from quizsvc.kit.canonical import canonical, sha256_hex
from quizsvc.kit.files import shipped
from quizsvc.kit.ids import new_alias
from quizsvc.kit.problems import parse_toml, read_text
from quizsvc.quiz import bank_store
from quizsvc.quiz.rules import QuestionText, ScamType


@dataclass(frozen=True)
class Loaded:
    """What a load did."""

    added: int
    changed: int
    unchanged: int


def load_bank(questions: Sequence[QuestionText]) -> Loaded:
    """Take checked questions over by code: new ones are added, a changed text makes a new version.

    Papers in hand keep their versions. Safe to repeat; questions that are not in the files stay as they are.
    """
    bank_store.lock_bank(epoch=new_alias())
    for one in known_scam_types():
        bank_store.add_scam_type(one)
    standing = bank_store.list_standing()
    added = changed = 0
    for question in questions:
        content_hash = sha256_hex(canonical({**asdict(question), "reviewed": question.reviewed.isoformat()}))
        version, stands = standing.get(question.code, (0, ""))
        if stands != content_hash:
            bank_store.record_question(question, version=version + 1, content_hash=content_hash)
            added, changed = (added, changed + 1) if version else (added + 1, changed)
    if added or changed:
        bank_store.record_epoch(new_alias())
    return Loaded(added, changed, len(questions) - added - changed)


def known_scam_types() -> list[ScamType]:
    """The scam types that ship with the service."""
    path = shipped("quiz/scam_types.toml")
    return [ScamType(**entry) for entry in parse_toml(read_text(path), file=str(path))["scam_type"]]
