"""The form base, and lines in a log."""

from __future__ import annotations

import logging

import pytest
from django import forms
from django.core.exceptions import ValidationError

from common.forms import ServiceForm
from common.logs import LineFormatter


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
