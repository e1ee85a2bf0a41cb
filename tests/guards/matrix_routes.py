"""Every address and every operation there is, read from the URLconf and from the OpenAPI schema."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")

_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_SAMPLES = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "int": "1",
    "slug": "x",
    "str": "x",
    "path": "x",
}


def _patterns(found: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in found:
        route = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, route)
        else:
            yield route


def routes() -> dict[str, dict[str, str]]:
    """Every route as OpenAPI writes it (`/moments/{moment_id}/`), each with its parameters and their converters."""
    found = {}
    for route in _patterns(get_resolver().url_patterns):
        kinds = {match["name"]: match["kind"] or "str" for match in _PARAMETER.finditer(route)}
        found["/" + _PARAMETER.sub(r"{\g<name>}", route).removesuffix("\\Z").removesuffix("$")] = kinds
    return found


def operations() -> set[tuple[str, str]]:
    """Every (route, method) that the OpenAPI schema describes."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return {
        (route, method.upper())
        for route, described in schema["paths"].items()
        for method in described
        if method.upper() in METHODS
    }


def uuid_inputs() -> Iterator[tuple[str, str, str]]:
    """Every (route, method, name) under which an API client may send somebody's id, in a query or in a body."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shapes = schema["components"]["schemas"]
    for route, described in schema["paths"].items():
        for method, operation in described.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and parameter["schema"].get("format") == "uuid":
                    yield route, method.upper(), parameter["name"]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
            for field, shape in shapes.get(name, {}).get("properties", {}).items():
                if "uuid" in (shape.get("format"), shape.get("items", {}).get("format")):
                    yield route, method.upper(), field


def fill(route: str, ids: Mapping[str, object]) -> str:
    """The address of *route* with these parameters."""
    for name, value in ids.items():
        route = route.replace(f"{{{name}}}", str(value))
    return route


def sample(route: str, kinds: Mapping[str, str], **known: str) -> str:
    """Some address of *route*: one that its converters let through, whether or not anything is there."""
    filled = {name: known.get(name) or _SAMPLES.get(kind) or _converted(kind) for name, kind in kinds.items()}
    return fill(route, filled)


def _converted(kind: str) -> str:
    """A value for a converter of our own: the first of these that it takes."""
    from django.urls.converters import get_converters

    regex = get_converters()[kind].regex
    return next(text for text in ("2026-W46", "x", "1", str(uuid.UUID(int=0))) if re.fullmatch(regex, text))
