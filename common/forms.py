"""The HTML door's form base: a plain form that hands its values to one use case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

Result = TypeVar("Result")


class ServiceForm(forms.Form):
    """A form that checks shapes; the use case checks the rules, and its errors appear on these fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # The same words as `common.text`, unless the field has better ones of its own.
            if field.error_messages["required"] == forms.Field.default_error_messages["required"]:
                field.error_messages["required"] = _("Please fill this in.")

    def run(self, use_case: Callable[[], Result]) -> Result | None:
        """What *use_case* returned, or None when the form or the use case found something to correct."""
        if not self.is_valid():
            return None
        try:
            return use_case()
        except ValidationError as error:
            self.show(error)
            return None

    def show(self, error: ValidationError) -> None:
        """Put each error of a use case on its field; one without a field of this form goes on top."""
        by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        for name, errors in by_field.items():
            for item in errors:
                self.add_error(name if name in self.fields else None, item)
