"""The API's description as a page to read: made here, from the OpenAPI document, without anybody's scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of a body or an answer."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a program may ask for."""

    id: str
    method: str
    path: str
    about: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back under one status."""

    status: str
    about: str
    fields: tuple[Field, ...]


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every operation of the API, by what it is about."""
    schema = describe()
    return render(
        request, "attune_project/api_docs.html", {"info": schema["info"], "groups": groups_of(schema)}
    )


@lru_cache(maxsize=1)
def describe() -> dict[str, Any]:
    """The OpenAPI document. It changes with the program only."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def groups_of(schema: Mapping[str, Any]) -> list[tuple[str, list[Operation]]]:
    """The operations by tag, in the order of the document."""
    groups: dict[str, list[Operation]] = {}
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                found = operations[method]
                groups.setdefault(found["tags"][0], []).append(_operation(schema, method, path, found))
    return list(groups.items())


def _operation(schema: Mapping[str, Any], *place: Any) -> Operation:
    method, path, found = place
    body = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        id=found["operationId"],
        method=method.upper(),
        path=path,
        about=found.get("description", ""),
        parameters=tuple(
            Field(
                name=parameter["name"],
                kind=kind_of(schema, parameter["schema"]),
                required=parameter.get("required", False),
                about=parameter.get("description", ""),
            )
            for parameter in found.get("parameters", [])
        ),
        body=tuple(_fields(schema, body)),
        answers=tuple(_answers(schema, found["responses"])),
    )


def _answers(schema: Mapping[str, Any], responses: Mapping[str, Any]) -> Iterator[Answer]:
    """The answers that carry something, in full; of problems, which all look the same, only what they are."""
    for status, found in sorted(responses.items()):
        response = resolved(schema, found)
        content = response.get("content", {}).get("application/json", {}).get("schema", {})
        yield Answer(status, response.get("description", ""), tuple(_fields(schema, content)))


def _fields(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Iterator[Field]:
    shape = resolved(schema, shape)
    for name, found in shape.get("properties", {}).items():
        yield Field(
            name, kind_of(schema, found), name in shape.get("required", ()), found.get("description", "")
        )


def resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference points at."""
    if "allOf" in shape and len(shape["allOf"]) == 1:
        shape = shape["allOf"][0]
    _root, _components, kind, name = (shape.get("$ref") or "///").split("/")
    found: Mapping[str, Any] = schema["components"][kind][name] if name else shape
    return found


def kind_of(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> str:
    """What a value has to be, in a few words."""
    shape = resolved(schema, shape)
    if "enum" in shape:
        return " | ".join(json.dumps(value) for value in shape["enum"])
    for several in ("oneOf", "anyOf"):
        if several in shape:
            return " | ".join(dict.fromkeys(kind_of(schema, one) for one in shape[several]))
    if shape.get("type") == "array":
        return f"list of {kind_of(schema, shape.get('items', {}))}"
    if shape.get("properties"):
        return _object(schema, shape["properties"])
    kind = shape.get("type", "object")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    return " | ".join(f"{name} ({shape['format']})" if _has_format(name, shape) else name for name in kinds)


def _object(schema: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    """An object by the names in it, those that take the same together: {needs, safety: 1 | 2}."""
    names: dict[str, list[str]] = {}
    for name, found in properties.items():
        names.setdefault(kind_of(schema, found), []).append(name)
    return "{" + "; ".join(f"{', '.join(same)}: {kind}" for kind, same in names.items()) + "}"


def _has_format(kind: str, shape: Mapping[str, Any]) -> bool:
    return kind == "string" and "format" in shape
