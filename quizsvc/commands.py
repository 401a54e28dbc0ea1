"""The `quizsvc` command group: serving, tick and migrations here, everything else from the slices."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo

from quizsvc import embedded
from quizsvc.demo.service import load_demo, open_invitation
from quizsvc.kit import migrate
from quizsvc.kit.clock import utcnow
from quizsvc.kit.db import db, transaction
from quizsvc.kit.jobs import drop_lease, take_lease
from quizsvc.kit.server import serve
from quizsvc.settings import PREFIX, Settings, data_dir, environment, settings_from
from quizsvc.wiring import COMMANDS, ERRANDS, JOBS, Errand, Job

group = AppGroup("quizsvc", help="The backend of anti-fraud quiz campaigns.")
for command in COMMANDS:
    group.add_command(command)

TICK_LEASE = timedelta(seconds=60)
MakeApp = Callable[[Settings], Flask]
logger = logging.getLogger("quizsvc.tick")


def script(make_app: MakeApp) -> ScriptInfo:
    """What commands get their app from: the environment's settings, or the embedded run that it names."""
    info = ScriptInfo(create_app=lambda: make_app(_command_settings()), set_debug_flag=False)
    info.data[MakeApp] = make_app
    return info


def _command_settings() -> Settings:
    env = environment()
    if f"{PREFIX}DATABASE_URL" not in env and f"{PREFIX}DATA_DIR" in env:
        return embedded.Folder(data_dir(env)).settings()
    return settings_from(env)


@group.command("serve", with_appcontext=False)
@click.option("--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.pass_obj
def serve_command(info: ScriptInfo, bind: str, workers: int) -> None:
    """Serve with the settings of the environment."""
    settings = settings_from(environment())
    proxies = ",".join(settings.trusted_proxies)
    serve(lambda: info.data[MakeApp](settings), bind=bind, workers=workers, forwarded_allow_ips=proxies)


@group.command("tick")
@click.option("--every", type=click.FloatRange(0.1), metavar="S", help="go on, every so many seconds")
def tick_command(every: float | None) -> None:
    """Do what must happen by itself: rounds, expiry, lapsed papers, messages. Safe to run anywhere, at any time."""
    while every is not None:
        tick()
        time.sleep(every)
    if not tick():
        sys.exit(1)


def tick() -> bool:
    """Every job once, each in its own transaction, then the errands, while the lease is ours. False when one failed."""
    holder = uuid4()
    with transaction():
        if not take_lease("tick", holder=holder, lasts=TICK_LEASE, now=utcnow()):
            click.echo("another tick is at work")
            return True
    acts = [*((name, _in_transaction(job)) for name, job in JOBS), *ERRANDS]
    good = True
    for name, act in acts:
        try:
            for line in act():
                click.echo(line)
        except Exception:
            good = False
            logger.exception("tick: %s failed; the other jobs go on", name)
    with transaction():
        drop_lease("tick", holder=holder, now=utcnow())
    return good


def _in_transaction(job: Job) -> Errand:
    def act() -> Sequence[str]:
        with transaction():
            return job(now=utcnow())

    return act


@group.group("db")
def db_group() -> None:
    """The database's tables."""


@db_group.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables to what this version of quizsvc wants."""
    before, after = migrate.upgrade(db.engine)
    click.echo(f"the database stands at {after}" + ("" if before == after else f" (before: {before or 'empty'})"))


@group.command("run", with_appcontext=False)
@click.option("--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 16))
@click.pass_obj
def run_command(info: ScriptInfo, bind: str, workers: int) -> None:
    """Serve the demo campaign on this machine alone: nothing else is needed."""
    folder = embedded.Folder(data_dir(environment()))
    folder.create()
    held = folder.lock()
    settings = folder.settings()
    make_app: MakeApp = info.data[MakeApp]
    with make_app(settings).app_context():
        migrate.upgrade(db.engine)
        with transaction():
            load_demo(passwords=folder.passwords(), now=utcnow())
        invitation = open_invitation()
        db.engine.dispose()

    def run_tick() -> None:
        with make_app(settings).app_context():
            while True:
                tick()
                db.session.remove()
                time.sleep(5)

    def run_server() -> None:
        greeting = _greeting(bind, folder, invitation)
        serve(lambda: make_app(settings), bind=bind, workers=workers, when_ready=lambda _arbiter: click.echo(greeting))

    children = {"valkey": embedded.run_valkey(folder), "tick": run_tick, "server": run_server}
    status = embedded.Supervisor(children, server="server").run()
    held.close()
    sys.exit(status)


def _greeting(bind: str, folder: embedded.Folder, invitation: str) -> str:
    address = f"http://{bind}"
    sign_ins = "\n".join(f"    {name:10} {password}" for name, password in folder.passwords().items())
    return f"""
  quizsvc serves the demo campaign 反诈答题（演示）
    citizens      {address}/
    staff (desk)  {address}/desk/
    campaign      {address}/api/v1/campaigns/demo
    API document  {address}/api/docs/
    data folder   {folder.path}
  Staff sign-ins, each named by its role (at the desk, or POST {address}/api/v1/staff/sessions):
{sign_ins}
  Citizens log in by a stand-in for WeChat that exists only in this run: any code is a citizen.
  Volunteers are made of citizens (POST {address}/api/v1/volunteers) by the open invitation
    {invitation}
  Ctrl-C ends everything and loses nothing.
"""
