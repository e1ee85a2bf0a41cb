"""The requests that are measured, of the floors and of the product."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from benchmarks.load import Target, request

CSRF_SECRET = secrets.token_hex(16)  # 32 letters and digits, the form in which Django keeps one
SignIn = dict[str, Any]


def floor_targets(port: int, sign_in: SignIn) -> dict[str, Target]:
    """Bare views, by name."""
    token = {"Authorization": f"Token {sign_in['token']}"}
    page = {"Cookie": f"sessionid={sign_in['session']}; csrftoken={CSRF_SECRET}"}
    child = int(sign_in["child"])

    def form() -> dict[str, str]:
        return {"public_id": str(uuid.uuid4()), "child": str(child), "tone": "in_tune"}

    def row() -> dict[str, object]:
        return {"id": str(uuid.uuid4()), "child": child, "tone": "in_tune"}

    targets = [
        Target("empty response", port, lambda: request("GET", "/empty/"), 200),
        Target("authenticated insert", port, lambda: send_json("/insert/", token, row()), 201),
        Target("HTML form POST", port, lambda: send_form("/form/", page, form()), 302),
        Target("DRF create", port, lambda: send_json("/api/moments/", token, row()), 201),
        Target("timeline page, 30 rows", port, lambda: request("GET", "/timeline/", headers=page), 200),
        Target("DRF list of 100", port, lambda: request("GET", "/api/moments/", headers=token), 200),
    ]
    return {target.name: target for target in targets}


def product_targets(port: int, sign_in: SignIn) -> dict[str, Target]:
    """The product's requests, by the name of the floor each stands on."""
    token = {"Authorization": f"Bearer {sign_in['token']}"}
    page = {"Cookie": f"session={sign_in['session']}; csrf={CSRF_SECRET}"}

    def two_taps() -> dict[str, str]:
        opened_at = datetime.now(UTC).isoformat()
        taps = {"child": sign_in["child"], "tone": "in_tune"}
        return {**taps, "moment_id": str(uuid.uuid4()), "opened_at": opened_at}

    def moment() -> dict[str, object]:
        return {"id": str(uuid.uuid4()), "child": sign_in["child"], "tone": "in_tune"}

    api = "/api/v1/moments/"
    return {
        "HTML form POST": Target("capture, page", port, lambda: send_form("/log/", page, two_taps()), 303),
        "DRF create": Target("capture, API", port, lambda: send_json(api, token, moment()), 201),
        "timeline page, 30 rows": Target("timeline, page", port, get("/moments/", page), 200),
        "DRF list of 100": Target("timeline, API, 100", port, get(f"{api}?limit=100", token), 200),
    }


def get(path: str, headers: dict[str, str]) -> Callable[[], bytes]:
    wire = request("GET", path, headers=headers)
    return lambda: wire


def send_form(path: str, headers: dict[str, str], fields: dict[str, str]) -> bytes:
    body = urlencode({**fields, "csrfmiddlewaretoken": CSRF_SECRET}).encode()
    return request(
        "POST", path, headers={**headers, "Content-Type": "application/x-www-form-urlencoded"}, body=body
    )


def send_json(path: str, headers: dict[str, str], body: dict[str, object]) -> bytes:
    fields = {**headers, "Content-Type": "application/json"}
    return request("POST", path, headers=fields, body=json.dumps(body).encode())
