"""The form base, and lines in a log."""

from __future__ import annotations

import logging

import pytest
from django import forms
from django.core.exceptions import ValidationError

from common.forms import ServiceForm
from common.logs import LINE_MAX, LineFormatter


class Name(ServiceForm):
    name = forms.CharField()


def refuse(error: ValidationError):
    def use_case() -> None:
        raise error

    return use_case


class TestServiceForm:
    def test_what_the_use_case_made_comes_back(self):
        assert Name({"name": "Pip"}).run(lambda: "made") == "made"

    def test_a_use_case_never_sees_a_form_that_is_wrong(self):
        form = Name({"name": ""})
        assert form.run(lambda: pytest.fail("called")) is None
        assert "name" in form.errors

    def test_its_refusal_stands_at_the_field(self):
        form = Name({"name": "Pip"})
        assert form.run(refuse(ValidationError({"name": ValidationError("taken", "taken")}))) is None
        assert form.has_error("name", "taken")

    @pytest.mark.parametrize(
        "error", [ValidationError("full", code="full"), ValidationError({"zone": "full"})]
    )
    def test_what_belongs_to_no_field_stands_on_top(self, error):
        form = Name({"name": "Pip"})
        form.run(refuse(error))
        assert form.non_field_errors() == ["full"]


class TestLogLines:
    @pytest.mark.parametrize(
        "forged", ["a\nERROR root forged", "a\r\nERROR root forged", "a\rERROR root forged"]
    )
    def test_nobody_forges_a_second_line(self, forged):
        record = logging.LogRecord("app", logging.INFO, "x.py", 1, "said %s", (forged,), None)
        line = LineFormatter().format(record)
        assert "\n" not in line
        assert "\r" not in line
        assert "forged" in line

    @pytest.mark.parametrize("path", ["/unsubscribe/%s/", "/household/invitations/%s/", "/a/%s"])
    def test_a_token_in_a_path_is_masked(self, path, caplog):
        token = "t0k-N_" * 7
        line = self.line("Not Found: %s", path % token)
        assert token not in line
        assert path % "***" in line

    def test_a_public_id_in_a_path_stays(self):
        path = "/moments/11fe8d7c-3c5b-4d7e-9a51-0c6e9c69079a/history/"
        assert path in self.line("Not Found: %s", path)

    def test_a_line_ends_however_long_the_path_is(self):
        assert len(self.line("Not Found: %s", "/a" * 5_000)) == LINE_MAX

    def test_a_refused_address_is_logged_without_its_token(self, client, caplog, db):
        token = "A" * 43
        caplog.handler.setFormatter(LineFormatter())
        client.get(f"/household/invitations/{token}/no/such/page/")
        assert "***" in caplog.text
        assert token not in caplog.text

    def line(self, message, *values):
        return LineFormatter().format(
            logging.LogRecord("app", logging.INFO, "x.py", 1, message, values, None)
        )
