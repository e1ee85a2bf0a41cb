"""What parents read first: loaded from the operator's files, kept word for word, and without it nobody is let in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from common.strict import PackError
from households.models import Briefing, Grant
from households.rules import GRANT_LIFETIME
from households.selectors import find_briefing, list_briefings
from households.services import accept_grant, end_briefing, load_briefings, renew_grant

FILE = """
country: PT
checked_on: 2026-10-01
texts:
  en:
    country: Portugal
    must_report: {report}
    replies: On working days.
    nights: Nobody watches.
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def put(report: str = "What is said here.", name: str = "PT.yaml", text: str = FILE) -> Path:
        (tmp_path / name).write_text(text.format(report=report), encoding="utf-8")
        return tmp_path

    return put


@pytest.mark.django_db
class TestLoading:
    def test_the_same_words_stay_and_other_words_are_the_next_version(
        self, write: Callable[..., Path], now: datetime
    ) -> None:
        first = load_briefings(directory=write(), now=now)
        again = load_briefings(directory=write(), now=now)
        looked = load_briefings(directory=write(text=FILE.replace("10-01", "11-02")), now=now)
        second = load_briefings(directory=write("Something else."), now=now + timedelta(days=1))
        said = [(one.briefing.label, one.outcome) for (one,) in (first, again, looked, second)]
        assert said == [("PT.1", "loaded"), ("PT.1", "same"), ("PT.1", "checked"), ("PT.2", "loaded")]
        assert (
            Briefing.objects.get(country="PT", number=1).said("pt-BR")["must_report"] == "What is said here."
        )
        assert [one.label for one in list_briefings()] == ["PT.2", "ZZ.1"]

    @pytest.mark.parametrize(
        ("name", "text", "problem"),
        [
            ("PT.yaml", FILE.replace("    nights: Nobody watches.\n", ""), "'nights' is missing"),
            ("PT.yaml", FILE + "    call: 112\n", "nobody knows 'call'"),
            ("PT.yaml", FILE.replace("2026-10-01", "soon"), "'checked_on' is a date"),
            ("PT.yaml", "country: Portugal\n", "is a code such as PT"),
            ("ES.yaml", FILE, "belongs in PT.yaml"),
            ("PT.txt", FILE, "holds no briefing"),
            ("PT.yaml", "texts: [", "line"),
        ],
    )
    def test_what_is_not_whole_is_named_and_changes_nothing(
        self, write: Callable[..., Path], now: datetime, name: str, text: str, problem: str
    ) -> None:
        directory = write(name=name, text=text)
        with pytest.raises(PackError, match=problem):
            load_briefings(directory=directory, now=now)
        with pytest.raises(CommandError, match=problem):
            call_command("briefings", "check", directory)
        assert [one.label for one in list_briefings()] == ["ZZ.1"]

    def test_an_example_is_not_for_families(
        self, write: Callable[..., Path], now: datetime, settings: Any
    ) -> None:
        settings.PRODUCTION = True
        assert list_briefings() == []
        with pytest.raises(PackError, match="an example"):
            load_briefings(directory=write(text="example: true" + FILE), now=now)

    def test_the_command_loads_lists_and_ends(self, write: Callable[..., Path]) -> None:
        out = StringIO()
        for words in (("load", write()), ("list",), ("end", "PT"), ("list",)):
            call_command("briefings", *words, stdout=out)
        assert out.getvalue().split("\n")[:2] == [
            "  PT.1: loaded",
            "  PT.1       checked on 2026-10-01",
        ]
        assert "PT.1 is over" in out.getvalue()
        with pytest.raises(CommandError, match="Nothing is in force"):
            call_command("briefings", "end", "PT")


class TestLettingIn:
    def test_notes_which_words_were_read(
        self, give: Callable[..., Grant], write: Callable[..., Path], now: datetime
    ) -> None:
        load_briefings(directory=write(), now=now)
        grant = give(briefing="PT.1")
        load_briefings(directory=write("Something else."), now=now)
        grant.refresh_from_db()
        assert grant.briefing is not None
        assert grant.briefing.said("en")["must_report"] == "What is said here."

    @pytest.mark.parametrize("label", ["", "PT.1", "ZZ.2", "ZZ", "ZZ.1.1", "x" * 12])
    def test_takes_what_is_in_force_and_nothing_else(
        self, offer: Callable[..., Any], write: Callable[..., Path], now: datetime, label: str
    ) -> None:
        for report in ("One.", "Two."):
            load_briefings(directory=write(report), now=now)
        with pytest.raises(ValidationError) as refused:
            offer(briefing=label)
        assert list(refused.value.message_dict) == ["briefing"]
        assert not Grant.objects.exists()

    def test_that_nobody_read_lets_nobody_in_and_says_so(
        self, offer: Callable[..., Any], coach: User, now: datetime
    ) -> None:
        grant, token = offer()
        Grant.objects.update(briefing=None)
        with pytest.raises(ValidationError, match="before there was anything to read"):
            accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        grant.refresh_from_db()
        assert grant.accepted_at is None

    def test_begins_and_goes_on_only_while_there_is_something_to_read(
        self, offer: Callable[..., Any], parent: User, coach: User, now: datetime
    ) -> None:
        _taken, token = offer()
        grant = accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        _waiting, second = offer(coach_email="dora@example.org")
        end_briefing(country="ZZ", now=now)
        with pytest.raises(ValidationError, match="cannot be let in here yet"):
            offer()
        with pytest.raises(ValidationError, match="nothing to read"):
            accept_grant(actor_id=coach.pk, token=second, email="dora@example.org", now=now)
        late = now + GRANT_LIFETIME - timedelta(days=1)
        with pytest.raises(ValidationError, match="nothing to read"):
            renew_grant(actor_id=parent.pk, grant_id=grant.public_id, now=late)
        assert find_briefing(country="ZZ") is None
