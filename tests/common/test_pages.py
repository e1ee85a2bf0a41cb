"""A cursor leads on, and tells nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from common.pages import Place, read_cursor, write_cursor

AT = datetime(2026, 11, 18, 19, 30, tzinfo=UTC)
PLACES = [
    Place(AT, 1),
    Place(AT + timedelta(microseconds=1), 99),
    Place(AT + timedelta(microseconds=120_000), 12_345_678),
    Place(AT.replace(year=2000), 2**63 - 1),
]


class TestCursor:
    @pytest.mark.parametrize("place", PLACES)
    def test_leads_back_to_its_place(self, place):
        cursor = write_cursor(place, reader_id=7, list_name="moments")
        assert read_cursor(cursor, reader_id=7, list_name="moments") == place

    def test_is_as_long_as_every_other(self):
        lengths = {len(write_cursor(place, reader_id=7, list_name="moments")) for place in PLACES}
        assert len(lengths) == 1

    @pytest.mark.parametrize("changed", [{"reader_id": 8}, {"list_name": "reflections"}])
    def test_opens_for_its_reader_and_its_list_alone(self, changed):
        cursor = write_cursor(PLACES[0], reader_id=7, list_name="moments")
        with pytest.raises(ValidationError) as refused:
            read_cursor(cursor, **{"reader_id": 7, "list_name": "moments", **changed})
        assert set(refused.value.error_dict) == {"cursor"}

    def test_none_is_the_top(self):
        assert read_cursor("", reader_id=7, list_name="moments") is None
