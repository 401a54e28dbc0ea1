"""Files to keep: their names are names, whatever somebody called what is in them."""

from urllib.parse import unquote

import pytest
from flask import Flask
from werkzeug.http import parse_options_header

from quizsvc.kit.downloads import Download, file_reply
from quizsvc.kit.http import operation_of

MEDIA = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("简报.docx", "简报.docx"),
        ("a/../b\\c.md", "a_.._b_c.md"),
        ('x"; filename="evil.exe', "x_; filename=_evil.exe"),
        ("a\r\nSet-Cookie: b=c", "a__Set-Cookie_ b=c"),
        ("100% 'x'", "100% 'x'"),
    ],
)
def test_a_name_ends_where_it_ends(name: str, shown: str) -> None:
    @file_reply(MEDIA, {"X-Of": "what it is of"})
    def view() -> Download:
        return Download(b"\x00\xff", name, "plain.txt", {"X-Of": "7"})

    app = Flask(__name__)
    app.add_url_rule("/file", "file", view)
    answer = app.test_client().get("/file")
    kind, told = parse_options_header(answer.headers["Content-Disposition"])
    assert (kind, told["filename"]) == ("attachment", shown), "the UTF-8 name wins over the plain one"
    assert 'filename="plain.txt"' in answer.headers["Content-Disposition"]
    assert unquote(answer.headers["Content-Disposition"].rpartition("''")[2]) == shown
    assert (answer.data, answer.content_type, answer.headers["X-Of"]) == (b"\x00\xff", MEDIA, "7")
    assert "Set-Cookie" not in answer.headers
    assert (operation_of(view).media, operation_of(view).headers) == (MEDIA, {"X-Of": "what it is of"})
