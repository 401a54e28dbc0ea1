"""Settings: what is missing or cannot work is named, and nothing secret is shown."""

import pytest

from quizsvc.settings import Settings, SettingsRefused, Template, WeChatSettings, data_dir, settings_from

SECRETS = {
    "QUIZSVC_DATABASE_URL": "postgresql://quizsvc:database-password@db/quizsvc",
    "QUIZSVC_REDIS_URL": "redis://:redis-password@redis:6379/0",
    "QUIZSVC_SECRET_KEY": "newest-secret-key-0123456789abcdef, older-secret-key-0123456789abcdefg",
    "QUIZSVC_IDENTITY_KEY": "identity-key-0123456789abcdefghij",
    "QUIZSVC_WECHAT_SECRET": "wechat-app-secret",
}
GOOD = {**SECRETS, "QUIZSVC_WECHAT_APPID": "wx0123456789abcdef"}
SHOWN_BY_NOBODY = ("password", "secret-key", "identity-key-", "app-secret")


def refused(env: dict[str, str]) -> str:
    with pytest.raises(SettingsRefused) as told:
        settings_from(env)
    return str(told.value)


def test_good_settings_are_read_as_they_are_meant() -> None:
    assert settings_from(GOOD) == Settings(
        database_url="postgresql+psycopg://quizsvc:database-password@db/quizsvc",
        redis_url="redis://:redis-password@redis:6379/0",
        secret_keys=("newest-secret-key-0123456789abcdef", "older-secret-key-0123456789abcdefg"),
        identity_key="identity-key-0123456789abcdefghij",
        wechat=WeChatSettings("wx0123456789abcdef", "wechat-app-secret", "miniprogram", "https://api.weixin.qq.com"),
        trusted_proxies=(),
        question_second_person=False,
    )


def test_the_rest_is_read_where_it_is_given() -> None:
    more = {
        "QUIZSVC_WECHAT_KIND": "web",
        "QUIZSVC_WECHAT_API_BASE": "https://proxy.example/wechat/",
        "QUIZSVC_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2,",
    }
    found = settings_from(GOOD | more)
    assert found.wechat is not None
    assert (found.wechat.kind, found.wechat.api_base) == ("web", "https://proxy.example/wechat")
    assert found.trusted_proxies == ("10.0.0.1", "10.0.0.2")


def test_a_proxy_is_an_address_a_network_or_whoever_connects() -> None:
    good = "10.0.0.0/8, ::1, fd00::/8, *"
    assert settings_from(GOOD | {"QUIZSVC_TRUSTED_PROXIES": good}).trusted_proxies == tuple(good.split(", "))
    told = refused(GOOD | {"QUIZSVC_TRUSTED_PROXIES": "10.0.0.1, localhost, 10.0.0.0/99"})
    assert told.splitlines() == [
        "QUIZSVC_TRUSTED_PROXIES: 'localhost' is no address, network or *",
        "QUIZSVC_TRUSTED_PROXIES: '10.0.0.0/99' is no address, network or *",
    ]


@pytest.mark.parametrize("value", [None, "", "  "])
@pytest.mark.parametrize("name", GOOD)
def test_a_missing_setting_is_named_alone(name: str, value: str | None) -> None:
    env = {key: text for key, text in GOOD.items() if key != name} | ({} if value is None else {name: value})
    told = refused(env)
    assert told.startswith(f"{name} is missing: ")
    assert [other for other in GOOD if other in told] == [name]
    assert "\n" not in told


def test_all_that_is_missing_is_named_at_once() -> None:
    assert [line.split(" is missing: ")[0] for line in refused({}).splitlines()] == [
        "QUIZSVC_DATABASE_URL",
        "QUIZSVC_REDIS_URL",
        "QUIZSVC_SECRET_KEY",
        "QUIZSVC_IDENTITY_KEY",
        "QUIZSVC_WECHAT_APPID",
        "QUIZSVC_WECHAT_SECRET",
    ]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("QUIZSVC_DATABASE_URL", "quizsvc", "is not a database URL"),
        ("QUIZSVC_DATABASE_URL", "mysql://u:database-password@h/d", "names mysql; quizsvc knows postgresql and sqlite"),
        ("QUIZSVC_DATABASE_URL", "postgresql://u:database-password@h:port/d", "is not a database URL"),
        ("QUIZSVC_REDIS_URL", "http://:redis-password@redis", "must begin with one of redis://, rediss://, unix://"),
        ("QUIZSVC_REDIS_URL", "redis", "must begin with one of"),
        ("QUIZSVC_SECRET_KEY", "secret-key-" + "x" * 20, "is too short: 32 random characters or more"),
        ("QUIZSVC_SECRET_KEY", "x" * 40 + ",secret-key-short", "is too short"),
        ("QUIZSVC_SECRET_KEY", ",", "QUIZSVC_SECRET_KEY"),
        ("QUIZSVC_IDENTITY_KEY", "identity-key-" + "x" * 18, "is too short"),
        ("QUIZSVC_IDENTITY_KEY", ",,,", "QUIZSVC_IDENTITY_KEY"),
        ("QUIZSVC_WECHAT_KIND", "app", "is miniprogram or web, not 'app'"),
        ("QUIZSVC_WECHAT_KIND", "MINIPROGRAM", "is miniprogram or web"),
        ("QUIZSVC_QUESTION_SECOND_PERSON", "true", "is yes or no, not 'true'"),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_what_to_do_and_without_its_value(
    name: str, value: str, told: str
) -> None:
    said = refused(GOOD | {name: value})
    assert said.startswith(name)
    assert told in said
    assert len(said.splitlines()) == 1
    assert [secret for secret in SHOWN_BY_NOBODY if secret in said] == []


@pytest.mark.parametrize(("length", "good"), [(31, False), (32, True)])
@pytest.mark.parametrize("name", ["QUIZSVC_SECRET_KEY", "QUIZSVC_IDENTITY_KEY"])
def test_a_key_has_32_characters_or_more(name: str, length: int, good: bool) -> None:
    env = GOOD | {name: "k" * length}
    if good:
        settings_from(env)
    else:
        assert name in refused(env)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d?sslmode=require", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        ("postgresql://u:p://@h/d", "postgresql+psycopg://u:p://@h/d"),
        ("sqlite:////srv/quizsvc.db", "sqlite:////srv/quizsvc.db"),
    ],
)
def test_a_plain_postgresql_url_means_the_driver_that_ships(given: str, used: str) -> None:
    assert settings_from(GOOD | {"QUIZSVC_DATABASE_URL": given}).database_url == used


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+sentinel", "redis+cluster"])
def test_every_kind_of_redis_is_taken(scheme: str) -> None:
    url = f"{scheme}://host:6379/0"
    assert settings_from(GOOD | {"QUIZSVC_REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(("said", "needed"), [("yes", True), ("no", False)])
def test_reviews_need_a_second_person_where_it_is_said(said: str, needed: bool) -> None:
    assert settings_from(GOOD | {"QUIZSVC_QUESTION_SECOND_PERSON": said}).question_second_person is needed


def test_templates_of_messages_say_which_field_holds_what() -> None:
    more = {
        "QUIZSVC_WECHAT_TEMPLATE_WON": " tpl-won ",
        "QUIZSVC_WECHAT_TEMPLATE_EXPIRING": "tpl-expiring thing4=prize  date12=until thing5=note",
        "QUIZSVC_WECHAT_MESSAGE_PAGE": "pages/prizes/prizes?from=message",
    }
    found = settings_from(GOOD | more).wechat
    assert found is not None
    assert found.page == "pages/prizes/prizes?from=message"
    assert found.templates == {
        "won": Template("tpl-won", (("thing1", "campaign"), ("thing2", "prize"), ("time3", "until"))),
        "expiring": Template("tpl-expiring", (("thing4", "prize"), ("date12", "until"), ("thing5", "note"))),
    }


@pytest.mark.parametrize(
    "field", ["thing1", "thing=prize", "thing1=name", "time1=prize", "thing1=until", "thing100=note"]
)
def test_a_field_that_cannot_say_what_it_should_is_named(field: str) -> None:
    told = refused(GOOD | {"QUIZSVC_WECHAT_TEMPLATE_EXPIRING": f"tpl thing2=prize {field}"})
    assert told.startswith(f"QUIZSVC_WECHAT_TEMPLATE_EXPIRING: '{field}' is no field")
    assert len(told.splitlines()) == 1


def test_a_web_page_sends_no_messages() -> None:
    told = refused(GOOD | {"QUIZSVC_WECHAT_KIND": "web", "QUIZSVC_WECHAT_TEMPLATE_WON": "tpl"})
    assert told == "QUIZSVC_WECHAT_TEMPLATE_WON: only a mini-program sends messages"


OPTIONAL = ("API_BASE", "KIND", "TEMPLATE_WON", "TEMPLATE_EXPIRING", "MESSAGE_PAGE")


@pytest.mark.parametrize("name", [*(f"QUIZSVC_WECHAT_{name}" for name in OPTIONAL), "QUIZSVC_QUESTION_SECOND_PERSON"])
def test_an_optional_setting_that_is_empty_is_as_if_it_were_not_there(name: str) -> None:
    """As a compose file passes what nobody set."""
    assert settings_from(GOOD | {name: ""}) == settings_from(GOOD)


def test_no_representation_shows_a_secret() -> None:
    found = settings_from(GOOD)
    shown = f"{found!r} {found} {found.wechat!r}"
    assert [secret for secret in SHOWN_BY_NOBODY if secret in shown] == []
    assert "wx0123456789abcdef" in shown


@pytest.mark.parametrize("env", [{}, {"QUIZSVC_DATA_DIR": ""}])
def test_the_embedded_run_has_a_folder_of_its_own_unless_told_another(env: dict[str, str]) -> None:
    assert data_dir(env).name == "quizsvc-data"
    assert data_dir({"QUIZSVC_DATA_DIR": "/srv/quiz"}).as_posix() == "/srv/quiz"
    assert data_dir(env).is_absolute()
