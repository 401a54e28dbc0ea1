"""A campaign's past in bulk: papers, tickets, draws, awards, redemptions, visits, tallies, by plain PostgreSQL.

Every row follows from its number, so that a longer past contains a shorter one. A citizen has four papers, thirteen
days apart; nine papers of ten were handed in in time.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from quizsvc.kit.db import db, transaction
from quizsvc.quiz import bank_store
from quizsvc.quiz.rules import Question

DAYS = 60
TEMPLATES = 997  # a prime, so that no template belongs to certain days or people
QUESTIONS = 10
VOLUNTEERS = 200
VISITORS = 10  # a tenth as many more citizens only looked

_ID = "md5('{0}' || {1})::uuid"
_CITIZEN, _PAPER = _ID.format("c", "n / 4"), _ID.format("p", "n")
_DAY = f"(:today - ((n / 4 + 13 * (n % 4)) % {DAYS})::int)"
_AT = f"({_DAY} + time '02:00' + n % 36000 * interval '1 second') AT TIME ZONE 'UTC'"  # 10:00 to 20:00 in Shanghai
_HOME = "(SELECT r.id FROM places r WHERE r.no = n / 4 % 33)"
_NUMBERS = "generate_series(CAST(:first AS int), CAST(:last AS int) - 1) n"
_STATE = "CASE WHEN n % 20 < 18 THEN 'marked' WHEN n % 20 = 18 THEN 'late' ELSE 'lapsed' END"
_WON = "n % 33 = 0"

FILLING = (
    f"""INSERT INTO citizens (id, openid_hash, region_id, created_at)
    SELECT {_CITIZEN}, md5('h' || n / 4), {_HOME}, now() FROM {_NUMBERS} WHERE n % 4 = 0""",
    f"""INSERT INTO citizens (id, openid_hash, region_id, created_at)
    SELECT {_ID.format("v", "n")}, md5('w' || n), {_HOME}, now() FROM {_NUMBERS} WHERE n % {4 * VISITORS} = 0""",
    f"""INSERT INTO papers (id, campaign_id, citizen_id, limit_key, region_id, day, no_of_day, state, dealt_at, due_at,
        earns_ticket, items, given, correct, passed, handed_in_at)
    SELECT {_PAPER}, :campaign, {_CITIZEN}, md5('l' || n / 4), {_HOME}, {_DAY}, 1, {_STATE}, {_AT},
        {_AT} + interval '10 minutes', true, t.items, CASE WHEN n % 20 < 19 THEN t.given END,
        CASE WHEN n % 20 < 19 THEN t.correct END, CASE WHEN n % 20 < 19 THEN t.correct >= 8 END,
        CASE WHEN n % 20 < 19 THEN {_AT} + interval '3 minutes' END
    FROM {_NUMBERS} JOIN templates t ON t.no = n % {TEMPLATES}""",
    f"""INSERT INTO tickets (id, paper_id, campaign_id, citizen_id, limit_key, region_id, earned_at)
    SELECT {_ID.format("t", "n")}, {_PAPER}, :campaign, {_CITIZEN}, md5('l' || n / 4), {_HOME}, {_AT}
    FROM {_NUMBERS} JOIN templates t ON t.no = n % {TEMPLATES} WHERE n % 20 < 18 AND t.correct >= 8""",
    f"""INSERT INTO draws (ticket_id, round_id, position, citizen_id, alias, prize, drawn_at)
    SELECT t.id, :round, n + 1, {_CITIZEN}, substr(md5('a' || n), 1, 22), CASE WHEN {_WON} THEN 'tissue-box' END,
        {_AT} + interval '5 minutes'
    FROM {_NUMBERS} JOIN tickets t ON t.id = {_ID.format("t", "n")} WHERE n % 10 > 0""",
    f"""INSERT INTO awards (id, ticket_id, campaign_id, citizen_id, limit_key, region_id, nth, max_wins, prize, state,
        code_hash, won_at, expires_at)
    SELECT {_ID.format("w", "n")}, d.ticket_id, :campaign, {_CITIZEN}, md5('l' || n / 4), {_HOME}, 1 + n % 4, 4,
        'tissue-box', CASE WHEN n % 5 < 4 THEN 'redeemed' ELSE 'won' END, md5('k' || n), d.drawn_at,
        now() + interval '30 days'
    FROM {_NUMBERS} JOIN draws d ON d.ticket_id = {_ID.format("t", "n")} WHERE d.prize IS NOT NULL""",
    f"""INSERT INTO redemptions (id, award_id, staff_id, staff_name, region_id, note, redeemed_at)
    SELECT {_ID.format("x", "n")}, a.id, (SELECT id FROM staff WHERE name = 'clerk'), 'clerk',
        (SELECT id FROM places WHERE no = 0), '', least(a.won_at + interval '1 day', now())
    FROM {_NUMBERS} JOIN awards a ON a.id = {_ID.format("w", "n")} WHERE a.state = 'redeemed'""",
    f"""INSERT INTO visits (campaign_id, citizen_id, day, region_id)
    SELECT :campaign, {_CITIZEN}, {_DAY}, {_HOME} FROM {_NUMBERS}""",
    f"""INSERT INTO visits (campaign_id, citizen_id, day, region_id)
    SELECT :campaign, {_ID.format("v", "n")}, {_DAY}, {_HOME} FROM {_NUMBERS} WHERE n % {4 * VISITORS} = 0""",
)
_TALLY = _ID.format("y", "n")
REPORTING = (
    f"""INSERT INTO tallies (id, volunteer_id, voided)
    SELECT {_TALLY}, {_ID.format("u", f"n % {VOLUNTEERS}")}, false FROM {_NUMBERS}""",
    f"""INSERT INTO tally_revisions (tally_id, revision, void, in_force, state, content, campaign_id, region_id,
        occurred_at, setting, households, people, received_at, clock_skew)
    SELECT {_TALLY}, 1, false, true, 'counted', '', :campaign, (SELECT r.id FROM places r WHERE r.no = n % 33),
        (:today - (n * 7 % {DAYS})::int + time '03:00') AT TIME ZONE 'UTC',
        (ARRAY['household', 'household', 'shop', 'stall', 'talk'])[1 + n % 5], 1 + n % 3, 1 + n % 7, now(), 0
    FROM {_NUMBERS}""",
    f"""INSERT INTO handouts (tally_id, revision, no, material, quantity, factor)
    SELECT {_TALLY}, 1, m.no, m.code, 1 + (n + m.no) % 5, 1
    FROM {_NUMBERS}, (SELECT code, row_number() OVER (ORDER BY code) AS no FROM materials) m WHERE m.no <= 3""",
)
ENROLLING = f"""INSERT INTO volunteers (id, code, name, kind, region_id, enrolled_at)
    SELECT {_ID.format("u", "n")}, 'r' || n, '志愿者', :kind, (SELECT id FROM places WHERE no = 0), now()
    FROM generate_series(0, {VOLUNTEERS - 1}) n"""


def prepare(*, campaign_region: UUID, kind: str) -> None:
    """The communities by number, papers as they could have been answered, the volunteers."""
    with transaction():
        bank = bank_store.list_questions()
        _run("CREATE TABLE places (no int PRIMARY KEY, id uuid)")
        _run(
            "INSERT INTO places SELECT row_number() OVER (ORDER BY code) - 1, id FROM regions"
            " WHERE level = 'community' AND parent_id = :root",
            root=campaign_region,
        )
        _run("CREATE TABLE templates (no int PRIMARY KEY, items json, given json, correct int)")
        statement = text("INSERT INTO templates VALUES (:no, CAST(:items AS json), CAST(:given AS json), :correct)")
        db.session.execute(statement, list(_templates(bank)))
        _run(ENROLLING, kind=kind)


def _templates(bank: Sequence[Question]) -> Iterator[Mapping[str, Any]]:
    chance = Random(20261124)
    for no in range(TEMPLATES):
        asked = chance.sample(bank, QUESTIONS)
        wrong = set(chance.sample(range(QUESTIONS), min(QUESTIONS, int(chance.expovariate(0.6)))))
        given = [_choice(question, is_wrong=n in wrong) for n, question in enumerate(asked)]
        items = [[question.id, "".join(question.options)] for question in asked]
        yield {
            "no": no,
            "items": orjson.dumps(items).decode(),
            "given": orjson.dumps(given).decode(),
            "correct": QUESTIONS - len(wrong),
        }


def _choice(question: Question, *, is_wrong: bool) -> str:
    """The right options, or nothing."""
    return "" if is_wrong else "".join(sorted(question.answer))


def fill(ids: Mapping[str, Any], *, first: int, last: int) -> None:
    """The papers of these numbers, and all that came of them. `ids`: campaign, round, today."""
    _fill(FILLING, ids, first, last)


def report(ids: Mapping[str, Any], *, first: int, last: int) -> None:
    """The tallies of these numbers."""
    _fill(REPORTING, ids, first, last)


def _fill(statements: Sequence[str], ids: Mapping[str, Any], first: int, last: int) -> None:
    """Foreign keys hold by construction: checking ten million of them would take longer than writing the rows."""
    with transaction():
        _run("SET LOCAL session_replication_role = replica")
        _run("SET LOCAL synchronous_commit = off")
        for statement in statements:
            _run(
                statement,
                **{name: value for name, value in ids.items() if f":{name}" in statement},
                first=first,
                last=last,
            )


def analyze() -> None:
    """What a server at rest has done by itself."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def _run(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)
