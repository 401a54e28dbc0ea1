"""Doors, documents and messages: what holds for every route."""

import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from quizsvc.kit.errors import all_refusals
from quizsvc.kit.fields import in_chinese
from quizsvc.kit.http import operation_of
from quizsvc.wiring import API, AREAS
from tests.world import Phone

UNGUARDED = tuple(f"{area.audience}." for area in AREAS if area.guard is None)
SAMPLE = {"slug": "play", "uuid": UUID(int=1), "int": 1, "default": "privacy"}


def api_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if "operation" in app.view_functions[rule.endpoint].__dict__]


def address(rule: Rule) -> str:
    return re.sub(r"<(?:(\w+):)?\w+>", lambda match: str(SAMPLE[match[1] or "default"]), rule.rule)


def test_every_door_outside_the_open_area_wants_a_token(app: Flask) -> None:
    guarded = [rule for rule in api_rules(app) if not rule.endpoint.startswith(UNGUARDED)]
    assert len(guarded) >= 12
    for rule in guarded:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for token in (None, "x.y.z", ""):
                response = Phone(app, token=token).ask(method, address(rule), json={})
                assert response.status_code == 401, (method, rule.rule, token)
                assert response.headers["WWW-Authenticate"] == "Bearer"


def test_what_has_no_area_is_a_document_or_a_health_check(app: Flask) -> None:
    areas = tuple(f"{area.audience}." for area in AREAS)
    elsewhere = {rule.rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith(areas)}
    assert all(path == f"{API}/openapi.json" or path.startswith("/api/docs") for path in elsewhere)


def test_every_errcode_is_unique_and_in_the_document(app: Flask) -> None:
    document = Phone(app).get("openapi.json").get_json()
    codes = [kind.code for kind in all_refusals()]
    assert len(codes) == len(set(codes))
    assert set(document["x-errcodes"]) == set(codes)
    for kind in all_refusals():
        assert document["x-errcodes"][kind.code] == {
            "status": kind.status,
            "retry": kind.retry,
            "zh": kind.zh,
            "en": kind.en,
        }
        assert re.search(r"[一-鿿]", kind.zh), kind.code
        assert kind.en.isascii(), kind.code
        assert kind.retry in {"same", "later", "never"}


def test_every_refusal_is_declared_by_some_route_or_raised_to_the_command_line_or_the_desk_only(app: Flask) -> None:
    declared = {
        kind.code for rule in api_rules(app) for kind in operation_of(app.view_functions[rule.endpoint]).refusals
    }
    commands_only = {
        "accounts.name_refused",
        "accounts.name_taken",
        "accounts.password_too_short",
        "accounts.staff_unknown",
        "campaigns.frozen",
        "campaigns.papers_dealt",
        "campaigns.second_person_needed",
        "lottery.beacon_fixed",
        "lottery.cannot_void",
        "outreach.not_assigned",
    }
    desk_only = {
        "desk.beacon_refused",
        "desk.changed_meanwhile",
        "desk.citizen_unknown",
        "desk.reason_missing",
        "lottery.trace_unknown",
        "outreach.tally_unknown",
        "quiz.question_unknown",
    }
    doors = {kind.code for area in AREAS if area.guard for kind in operation_of(area.guard).refusals}
    everywhere = {"http.not_found", "http.method_not_allowed", "http.bad_request"}
    assert {kind.code for kind in all_refusals()} - declared - doors == commands_only | desk_only | everywhere


def test_every_route_of_design_section_8_stands(app: Flask) -> None:
    wanted = """
        POST sessions · GET regions · GET campaigns · GET campaigns/{slug} · GET campaigns/{slug}/privacy ·
        GET campaigns/{slug}/anchors · GET campaigns/{slug}/rules/{version} · GET campaigns/{slug}/rounds/{no}/ledger ·
        GET campaigns/{slug}/me · PUT me/consents/{purpose} · PUT me/region · POST campaigns/{slug}/papers ·
        PUT papers/{paper_id}/answers · PUT tickets/{ticket_id}/draw · GET tickets/{ticket_id} · GET me/awards ·
        GET me/mistakes · GET me · DELETE me · POST staff/sessions · POST redemptions/lookup ·
        PUT redemptions/{scan_id} · POST redemptions/{scan_id}/undo ·
        POST materials/movements · GET materials/stock · POST volunteers · POST outreach/tallies ·
        GET outreach/bootstrap · GET outreach/me ·
        GET outreach/held · PUT outreach/held/{held_id} · POST outreach/volunteers/{volunteer_id}/tallies ·
        GET report.xlsx · GET report.docx · GET report.md · GET report.csv
    """
    document = Phone(app).get("openapi.json").get_json()
    there = {f"{m.upper()} {path}" for path, item in document["paths"].items() for m in item if m != "parameters"}
    assert {one.strip().replace(" ", f" {API}/") for one in wanted.split("·")} <= there


def test_documents_and_their_page_are_served(app: Flask) -> None:
    phone = Phone(app)
    assert phone.get("/api/docs/").status_code == 200
    with phone.get("/api/docs/swagger-ui-bundle.js") as script:
        assert script.status_code == 200
    page = phone.get("/api/docs/").get_data(as_text=True)
    assert not re.search(r"""(src|href)=["']https?://""", page)


def test_the_document_never_shows_an_answer_key_in_a_dealt_paper(app: Flask) -> None:
    schemas = Phone(app).get("openapi.json").get_json()["components"]["schemas"]
    assert set(schemas["QuizPaperQuestion"]["properties"]) == {"no", "kind", "scam_type", "stem", "options"}


def messages_of(field: fields.Field[Any]) -> list[str]:
    return [str(message) for message in field.error_messages.values()]


def test_every_field_message_has_a_chinese_one(app: Flask) -> None:
    loaded: list[Schema] = []
    for rule in api_rules(app):
        operation = operation_of(app.view_functions[rule.endpoint])
        loaded += [schema for schema in (operation.body, operation.query) if schema is not None]
    texts = [message for schema in loaded for field in schema.fields.values() for message in messages_of(field)]
    texts += [message for schema in loaded for message in map(str, schema.error_messages.values())]
    texts += ["Shorter than minimum length 1.", "Length must be between 1 and 9.", "Must be one of: a, b."]
    ours = {text for text in texts if "{" not in text}
    assert ours
    for text in ours:
        assert re.search(r"[一-鿿]", in_chinese(text)), text


@pytest.mark.parametrize(
    ("language", "shown"), [("zh-CN", "必填"), ("en-GB,en;q=0.9", "Missing data for required field.")]
)
def test_refusals_follow_the_accepted_language(app: Flask, language: str, shown: str) -> None:
    response = Phone(app).post("sessions", json={}, headers={"Accept-Language": language})
    assert response.status_code == 422
    assert response.get_json()["fields"] == {"code": [shown]}
    assert len(response.get_json()["request_id"]) == 32
