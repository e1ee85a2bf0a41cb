"""`manage.py up`: the whole application on this machine, in one command that ends as one."""

from __future__ import annotations

import dataclasses
import io
import os
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.selectors import count_accounts
from attune_project.collected import collect_static_files
from attune_project.demo.family import PASSWORD, SIGN_IN
from attune_project.probe import web_answers
from attune_project.supervisor import Program, Supervisor
from common import queues

ANSWER_SECONDS = 60
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 (compared with, not listened on)
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Command(BaseCommand):
    help = "Prepare the database, then run web, worker and schedule until Ctrl-C. In production: docs/operations.md."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", help="address and port (127.0.0.1:8000)")
        parser.add_argument(
            "--demo", action="store_true", help="move the demonstration family into an empty database"
        )
        parser.add_argument(
            "--admin", default="", help="also serve the operator's pages here (localhost:8010)"
        )
        parser.add_argument(
            "--step", type=int, default=1, help="the number of the first step, for the display"
        )

    def handle(self, *args: Any, bind: str, demo: bool, step: int, **options: Any) -> None:
        os.umask(0o077)
        host, port = split_address(bind)
        refuse_taken_port(host, port)
        admins = [admin(*split_address(options["admin"]))] if options["admin"] else []
        self.prepare(first_step=step, demo=demo)
        supervisor = Supervisor()
        reached_as = reached_as_env(host, port)
        supervisor.start([web(host, port, reached_as), worker(reached_as), *admins])
        try:
            if self.wait_for_answer(supervisor, host, port):
                self.say_where(host, port, admin_at=options["admin"])
            ended = supervisor.watch()
        finally:
            supervisor.stop()
        if ended:
            codes = ", ".join(f"{name} ended with code {code}" for name, code in ended.items())
            raise CommandError(f"Stopped: {codes}. Its last lines stand above.")
        self.stdout.write("Stopped.")

    def prepare(self, *, first_step: int, demo: bool) -> None:
        """Migrations, content, static files and, if asked for and nobody is here yet, the demonstration family."""
        steps = enumerate(
            ["database", "content and static files", *(["demonstration family"] if demo else [])]
        )
        total = first_step + 1 + demo
        self._say_step(steps, first_step, total)
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        self._say_step(steps, first_step, total)
        call_command("load_library", verbosity=0, stdout=io.StringIO())
        self._load_briefings()
        collect_static_files()
        if demo:
            self._say_step(steps, first_step, total)
            if not count_accounts():
                call_command("seed_demo", stdout=self.stdout)

    def _load_briefings(self) -> None:
        """A file that is not whole lets no family wait: what was in force before stays, and the operator is told."""
        if not settings.BRIEFINGS_DIR.is_dir():
            return
        try:
            call_command("briefings", "load", stdout=io.StringIO())
        except CommandError as error:
            self.stderr.write(f"No briefing was loaded, those in force stay: {error}")

    def _say_step(self, steps: Iterator[tuple[int, str]], first_step: int, total: int) -> None:
        number, name = next(steps)
        self.stdout.write(f"{first_step + number}/{total} {name}")
        self.stdout.flush()

    def wait_for_answer(self, supervisor: Supervisor, host: str, port: int) -> bool:
        """True as soon as the web process answers; False when it never will, or nobody waits any more."""
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until and not supervisor.asked_to_stop and not supervisor.ended():
            if web_answers(
                reachable_host(host), port, site_url=settings.SITE_URL if settings.PRODUCTION else ""
            ):
                return True
            time.sleep(0.1)
        if not supervisor.asked_to_stop and not supervisor.ended():
            self.stderr.write(
                f"Nothing answered within {ANSWER_SECONDS} seconds; `manage.py doctor` may know why."
            )
            supervisor.asked_to_stop = True
        return False

    def say_where(self, host: str, port: int, *, admin_at: str) -> None:
        lines = ["", f"Attune is running: {site_url(host, port)}/"]
        lines += [f"In your network:   http://{own}:{port}/" for own in own_addresses(host)]
        if not settings.PRODUCTION and count_accounts(email=SIGN_IN):
            lines += [f"To look around:    {SIGN_IN}   password: {PASSWORD}"]
        if settings.CATCHES_MAIL:
            lines += [f"Mails it sends:    {site_url(host, port)}/dev/mail/"]
        if admin_at:
            lines += [f"For operators:     http://{admin_at}/   (manage.py operators add ADDRESS)"]
        self.stdout.write("\n".join([*lines, "Ctrl-C stops it.", ""]))
        self.stdout.flush()


def reached_as_env(host: str, port: int, *, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Under which addresses this installation is reached, unless what is *given* says so already."""
    if settings.PRODUCTION:
        return {}
    hosts = ",".join([*LOOPBACK, *own_addresses(host)])
    guessed = {"SITE_URL": site_url(host, port), "ALLOWED_HOSTS": hosts}
    return {name: given.get(name, value) for name, value in guessed.items()}


def web(host: str, port: int, env: dict[str, str]) -> Program:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:attune_project.gunicorn",
        "--bind",
        f"{host}:{port}",
    ]
    return Program("web", command, env)


def admin(host: str, port: int) -> Program:
    """The operator's pages, without the keys that this process has."""
    refuse_taken_port(host, port)
    keyless = {
        "ATTUNE_SERVES": "admin",
        "FIELD_KEYS": "",
        "UNSUBSCRIBE_KEY": "",
        "PUSH_KEY": "",
        "WEB_CONCURRENCY": "1",
    }
    return dataclasses.replace(
        web(host, port, {**reached_as_env(host, port, given={}), **keyless}), name="admin"
    )


def worker(env: dict[str, str]) -> Program:
    """The worker with the schedule in it. Only Redis can feed more than one task at a time.

    The queue on disk passes each message through the temporary folder, so the worker has one of its own.
    """
    private = settings.VAR_DIR / "tmp"
    private.mkdir(mode=0o700, parents=True, exist_ok=True)
    pool = ["--pool", "prefork", "--concurrency", "2"] if settings.REDIS_URL else ["--pool", "solo"]
    # In a container everything is root; celery's page of warning about it would bury the address.
    python = [sys.executable, "-W", "ignore:You're running the worker with superuser"]
    celery = [*python, "-m", "celery", "--quiet", "-A", "attune_project.celery", "worker", "--beat", *pool]
    options = [
        "--queues",
        ",".join(queues.ALL),
        "--loglevel",
        "WARNING",
        "--without-gossip",
        "--without-mingle",
    ]
    return Program("worker", [*celery, *options], {**env, "TMPDIR": str(private)})


def split_address(bind: str) -> tuple[str, int]:
    host, _colon, port = bind.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandError(f"{bind!r} is no address and port; 127.0.0.1:8000 would be one.")
    return host, int(port)


def refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise CommandError(
                f"{host}:{port} cannot be used ({error.strerror}). Another port: make run PORT={port + 1}"
            ) from error


def reachable_host(host: str) -> str:
    return "127.0.0.1" if host.strip("[]") in ANY_ADDRESS else host.strip("[]")


def site_url(host: str, port: int) -> str:
    """What to open on this machine. Passkeys need a name: localhost, not 127.0.0.1. Who may listen is not changed."""
    host = host.strip("[]")
    if host in (*ANY_ADDRESS, "127.0.0.1", "::1"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def own_addresses(host: str) -> list[str]:
    """Under what address other devices reach this machine; none when it listens for itself only."""
    if host.strip("[]") not in ANY_ADDRESS:
        return [] if host in LOOPBACK else [host]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # No packet is sent: this only asks which of our addresses would be used to go out.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return []
        return [str(probe.getsockname()[0])]
