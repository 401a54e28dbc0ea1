"""The question bank: list, one question as citizens see it and how it fared, reviews, tables out and in."""

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from quizsvc.accounts import service as accounts
from quizsvc.backoffice.desk import scope
from quizsvc.backoffice.desk.faults import read_faults
from quizsvc.backoffice.desk.render import show, show_refusal
from quizsvc.kit.clock import day_of, utcnow
from quizsvc.kit.db import reading, transaction
from quizsvc.kit.errors import BadRequest, NotFound
from quizsvc.kit.problems import FileRefused, Problem
from quizsvc.kit.ratios import percent
from quizsvc.kit.sheets import SUFFIXES
from quizsvc.quiz import bank, sheet, workbook
from quizsvc.quiz.bank import Change, Loaded
from quizsvc.quiz.faring import judge_faring
from quizsvc.quiz.lifecycle import DRAFT, RETIRED, REVIEWED, WAITING, Entry
from quizsvc.quiz.results import name_scam_types

TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv; charset=utf-8",
}
STATES = (DRAFT, WAITING, REVIEWED, RETIRED)
MOST_AT_ONCE = 100
bp = Blueprint("questions", __name__)


def _second_person() -> bool:
    return bool(current_app.config["QUESTION_SECOND_PERSON"])


@bp.get("/questions")
def list_questions() -> Response:
    """Questions by scam type, state and words."""
    asked: dict[str, Any] = {name: request.args.get(name, "").strip()[:60] for name in ("scam_type", "state", "word")}
    if asked["state"] not in {"", *STATES}:
        raise NotFound
    cursor = request.args.get("cursor") or None
    with reading():
        found = bank.search(
            scam_type=asked["scam_type"] or None,
            state=asked["state"] or None,
            word=asked["word"],
            cursor=cursor,
            limit=scope.PAGE,
        )
        scam_types = name_scam_types()
    following = url_for("desk.questions.list_questions", **asked, cursor=found.next) if found.next else None
    first = url_for("desk.questions.list_questions", **asked) if cursor else None
    return show(
        "questions.html",
        questions=found.items,
        scam_types=scam_types,
        asked=asked,
        following=following,
        first=first,
    )


@bp.get("/questions/<code>")
def show_question(code: str) -> Response:
    """One question as citizens see it, its answer, its versions, and how it fared."""
    with reading():
        (one,) = bank.get_questions([code])
        versions = bank.list_versions(code)
        farings = bank.list_recent_farings(code)
        scam_types = name_scam_types()
    fared = [
        {
            "version": version,
            "answered": faring.answered,
            "right": percent(faring.right, faring.answered),
            "options": {letter: percent(times, faring.answered) for letter, times in faring.chosen.items()},
            "judged": judge_faring(faring),
        }
        for faring, version in farings
    ]
    audiences = [name for name, audience in sheet.AUDIENCES.items() if audience in one.text.audience]
    return show(
        "question.html",
        one=one,
        versions=versions,
        fared=fared,
        scam_types=scam_types,
        audiences=audiences,
        recent=bank.RECENT,
    )


# --- reviews ----------------------------------------------------------------------------------------------------------


def _asked_codes() -> list[str]:
    codes = list(dict.fromkeys(request.values.getlist("code")))
    if not 1 <= len(codes) <= MOST_AT_ONCE or request.values.get("state") not in {REVIEWED, RETIRED}:
        raise BadRequest
    return codes


@bp.get("/question-states")
def show_state() -> Response:
    """The questions that are about to be reviewed or retired, as a whole."""
    if not request.args.getlist("code"):
        flash("请先勾选题目。", "warn")
        return redirect(url_for("desk.questions.list_questions"), 303)
    with reading():
        return show("question_states.html", **_state_page(_asked_codes()), faults=[])


@bp.post("/question-states")
def set_state() -> Response:
    """Review or retire questions, all or none."""
    codes, state, by = _asked_codes(), request.form["state"], scope.whoever().name
    try:
        with transaction():
            changes = bank.set_state(codes, state, by=by, second_person=_second_person())
            act = "question.review" if state == REVIEWED else "question.retire"
            bank.write_down(changes, act=act, by=by, now=utcnow())
    except FileRefused as refused:
        with reading():
            return show("question_states.html", 409, **_state_page(codes), faults=read_faults(refused.problems))
    done = "已审核，从现在起可以出题" if state == REVIEWED else "已停用，从现在起不再出题"
    flash(f"{len(changes)} 道题{done}。", "good")
    return redirect(url_for("desk.questions.list_questions"), 303)


def _state_page(codes: Sequence[str]) -> dict[str, Any]:
    return {
        "questions": bank.get_questions(codes),
        "state": request.values["state"],
        "second_person": _second_person(),
    }


# --- tables out -------------------------------------------------------------------------------------------------------


@bp.get("/question-file")
def download() -> Response:
    """The bank, or one scam type of it, as a table that can be uploaded again."""
    suffix = f".{request.args.get('format', 'xlsx')}"
    scam_type = request.args.get("scam_type", "")
    if suffix not in SUFFIXES or scam_type not in {"", *sheet.scam_type_codes().values()}:
        raise NotFound
    with reading():
        entries = bank.list_entries([scam_type] if scam_type else [])
    with TemporaryDirectory(prefix="quizsvc") as folder:
        path = Path(folder) / f"bank{suffix}"
        workbook.write_bank(entries, path)
        response = Response(path.read_bytes(), mimetype=TYPES[suffix])
    name = f"questions-{scam_type or 'all'}-{day_of(utcnow())}{suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- tables in --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """An uploaded table: kept in the page between preview and confirmation, nowhere else."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix.lower()

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """For readers that want a path."""
        with TemporaryDirectory(prefix="quizsvc") as folder:
            path = Path(folder) / f"bank{self.suffix}"
            path.write_bytes(self.content)
            yield path

    def read(self) -> list[Entry]:
        """Its questions; FileRefused."""
        if self.suffix not in SUFFIXES:
            raise FileRefused([Problem("file", f"{self.suffix or self.name} is not read", "save it as .xlsx")])
        with self.on_disk() as path:
            return sheet.read_sheet(path)


@bp.get("/question-upload")
def show_upload() -> Response:
    """Where a table is uploaded."""
    return show("question_upload.html", faults=[])


@bp.post("/question-upload")
def preview() -> Response:
    """What the table would change; changes nothing."""
    try:
        name, content = scope.read_bytes()
        sent = Sent(_name_of(name), content)
        with reading():
            return preview_sent(sent)
    except FileRefused as refused:
        return show("question_upload.html", 422, faults=read_faults(refused.problems))


@bp.post("/question-load")
def load() -> Response:
    """Take the table over, if that changes exactly what the preview said; else show the preview again."""
    sent, by = _sent(), scope.whoever().name
    try:
        with transaction():
            loaded = bank.load_entries(sent.read(), by=by, second_person=_second_person())
            if _mark(loaded) != request.form.get("seen"):
                raise scope.ChangedMeanwhile
            after = {"added": loaded.added, "changed": loaded.changed}
            accounts.audit(by, act="questions.load", subject=sent.name[-100:], after=after, now=utcnow())
            bank.write_down(loaded.changes, act="question.load", by=by, now=utcnow())
    except scope.ChangedMeanwhile as refusal:
        with reading():
            return preview_sent(sent, refusal=refusal)
    except FileRefused as refused:
        return show("question_upload.html", 422, faults=read_faults(refused.problems))
    flash(f"已导入：新增 {loaded.added} 题，修改 {loaded.changed} 题，{loaded.unchanged} 题没有变化。", "good")
    return redirect(url_for("desk.questions.list_questions"), 303)


def _sent() -> Sent:
    """The table that the preview's page has carried."""
    try:
        content = b64decode(request.form.get("content", ""), validate=True)
    except (NoBase64, ValueError):
        raise BadRequest from None
    return Sent(_name_of(request.form.get("name", "")), content)


def _name_of(typed: str) -> str:
    return "".join(letter for letter in typed if letter.isprintable())[-100:] or "table"


def _mark(loaded: Loaded) -> str:
    """Names what a load changes."""
    said = [
        [one.text.code, one.standing.shown, one.standing.newest, *map(_plain, (one.before, one.after))]
        for one in loaded.changes
    ]
    return scope.mark_of({"changes": said, "unchanged": loaded.unchanged})


def _plain(said: Any) -> Any:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def preview_sent(sent: Sent, *, refusal: scope.ChangedMeanwhile | None = None) -> Response:
    """The page that says what a table would change, and carries it; FileRefused."""
    loaded = bank.preview(sent.read(), by=scope.whoever().name, second_person=_second_person())
    said: dict[str, Any] = {
        "sent": sent,
        "content": b64encode(sent.content).decode(),
        "loaded": loaded,
        "changes": [(one, list(_differing(one))) for one in loaded.changes],
        "seen": _mark(loaded),
    }
    if refusal is None:
        return show("question_preview.html", refusal=None, **said)
    return show_refusal(refusal, "question_preview.html", **said)


def _differing(change: Change) -> Iterator[tuple[str, str, str]]:
    """Heading, before and after of what differs in a question that stands."""
    for name, before in change.before.items():
        if name != "state":
            yield sheet.HEADINGS[name], _told(before), _told(change.after[name])


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{letter}. {text}" for letter, text in value.items())
    return "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
