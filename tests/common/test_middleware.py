"""What every response carries, and what no request may bring."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from common.errors import Conflict, NotVisible, Refused
from common.middleware import BoundedInputMiddleware, DomainErrorsMiddleware, PrivateByDefaultMiddleware

MEBIBYTE = 1024 * 1024


class TestPrivateByDefault:
    def test_nothing_is_stored_unless_it_says_so(self):
        answer = PrivateByDefaultMiddleware(lambda _request: HttpResponse())(RequestFactory().get("/"))
        assert answer["Cache-Control"] == "no-store"
        assert "Cookie" in answer["Vary"]
        assert "geolocation=()" in answer["Permissions-Policy"]

    def test_what_may_be_stored_stays_so(self):
        public = {"Cache-Control": "public, max-age=60"}
        answer = PrivateByDefaultMiddleware(lambda _r: HttpResponse(headers=public))(
            RequestFactory().get("/")
        )
        assert answer["Cache-Control"] == public["Cache-Control"]


class TestBoundedInput:
    def turned_away(self, request) -> int:
        return BoundedInputMiddleware(lambda _request: HttpResponse(status=200))(request).status_code

    @pytest.mark.parametrize(("size", "status"), [(MEBIBYTE, 200), (MEBIBYTE + 1, 413)])
    def test_a_body_has_at_most_a_mebibyte(self, size, status):
        request = RequestFactory().post("/api/v1/moments/", b"", content_type="application/json")
        request.META["CONTENT_LENGTH"] = str(size)
        assert self.turned_away(request) == status

    @pytest.mark.parametrize("length", ["", "-5", "x", "٣", "1e9"])
    def test_a_length_that_is_no_number_is_none(self, length):
        request = RequestFactory().post("/api/v1/moments/", b"", content_type="application/json")
        request.META["CONTENT_LENGTH"] = length
        assert self.turned_away(request) == 200

    @pytest.mark.parametrize("query", ["a=%00", "%00=a", "a=1&a=b%00", "a=x%00y"])
    def test_a_nul_in_a_query_is_turned_away(self, query):
        assert self.turned_away(RequestFactory().get(f"/api/v1/moments/?{query}")) == 400

    def test_so_is_a_cookie_that_spells_one(self, db):
        cookie = f'{settings.SESSION_COOKIE_NAME}="\\000abcdefgh"'
        for path in ("/", "/moments/", "/api/v1/me/", "/nothing/"):
            assert Client().get(path, headers={"Cookie": cookie}).status_code == 400, path

    def test_a_page_says_it_as_a_page(self, db):
        answer = Client().get("/?a=%00")
        assert answer.status_code == 400
        assert answer["Content-Type"].startswith("text/html")


class TestDomainErrors:
    @pytest.mark.parametrize(
        ("error", "status"), [(NotVisible("x"), 404), (Refused("x"), 403), (Conflict("x"), 409)]
    )
    def test_each_has_its_status_and_tells_no_reason(self, error, status):
        middleware = DomainErrorsMiddleware(lambda _request: HttpResponse())
        answer = middleware.process_exception(RequestFactory().get("/api/v1/x/"), error)
        assert answer.status_code == status
        assert b"x" not in answer.content.replace(b"exist", b"")

    def test_a_bug_goes_on(self):
        middleware = DomainErrorsMiddleware(lambda _request: HttpResponse())
        assert middleware.process_exception(RequestFactory().get("/"), KeyError("x")) is None
