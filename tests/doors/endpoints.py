"""Every operation of the API, found by walking the URLconf: a new one is tested without anybody remembering it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import URLPattern, URLResolver
from drf_spectacular.generators import SchemaGenerator

from attune_project import urls_api

PREFIX = "/api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Endpoint:
    """One method of one address, with what the OpenAPI document says about it."""

    method: str
    route: str
    described: Any

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.route}"

    @property
    def operation_id(self) -> str:
        return str(self.described["operationId"])

    @property
    def takes_a_body(self) -> bool:
        return "requestBody" in self.described

    @property
    def query_names(self) -> list[str]:
        return [found["name"] for found in self.described.get("parameters", []) if found["in"] == "query"]

    def path(self, **values: Any) -> str:
        """The address, with *values* in its places; a place nobody named is a random id."""
        path = self.route
        for part in self.route.split("<")[1:]:
            kind, _, name = part.split(">")[0].rpartition(":")
            value = values.get(name, uuid.uuid4() if kind == "uuid" else "unknown")
            path = path.replace(f"<{part.split('>')[0]}>", str(value))
        return PREFIX + path


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def routes() -> Iterator[tuple[str, Any]]:
    """Every route of the API with its view, but for the one that stands for no address at all."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern) and pattern.name != "nowhere":
                yield prefix + str(pattern.pattern), pattern.callback

    return walk(urls_api.urlpatterns, "")


# Not operations of the API, but its description.
ABOUT = {"docs/", "schema/"}


def endpoints() -> list[Endpoint]:
    found = []
    for route, view in routes():
        if route in ABOUT:
            continue
        described = schema()["paths"][PREFIX + _as_openapi(route)]
        found += [
            Endpoint(method, route, described[method])
            for method in METHODS
            if hasattr(view.view_class, method)
        ]
    return found


def _as_openapi(route: str) -> str:
    for part in route.split("<")[1:]:
        place = part.split(">")[0]
        route = route.replace(f"<{place}>", "{" + place.rpartition(":")[2] + "}")
    return route


def resolved(shape: dict[str, Any]) -> dict[str, Any]:
    """The shape behind a reference."""
    name = shape.get("$ref", "").rpartition("/")[2]
    return schema()["components"]["schemas"][name] if name else shape


def body_fields(endpoint: Endpoint) -> list[str]:
    content = endpoint.described["requestBody"]["content"]["application/json"]["schema"]
    return list(resolved(content)["properties"])
