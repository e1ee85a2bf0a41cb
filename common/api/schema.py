"""How operations describe themselves in OpenAPI: with every problem they may answer, and closed inputs.

Named in the settings by its own path and not re-exported: drf-spectacular imports REST framework's views, which read
the settings, which name `common.api`.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from common.api.fields import Input
from common.api.problems import PROBLEM_JSON, ProblemOutput

WAITS = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
RETRY_AFTER = {
    "Retry-After": {
        "description": "Whole seconds until the next request is taken.",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    }
}


class ProblemAutoSchema(AutoSchema):
    """Adds the problem documents of each operation, and says that inputs take no further fields."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            for status in self._problem_statuses(operation):
                operation["responses"].setdefault(str(int(status)), self._problem(status).ref)
        return operation

    def _problem(self, status: HTTPStatus) -> ResolvedComponent:
        """The one description of this problem that every operation refers to."""
        shape = self.resolve_serializer(ProblemOutput, "response").ref
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=f"Problem{int(status)}",
            type=ResolvedComponent.RESPONSE,
            object=status,
            schema={
                "description": status.phrase,
                **({"headers": RETRY_AFTER} if status in WAITS else {}),
                "content": {PROBLEM_JSON: {"schema": shape}},
            },
        )
        self.registry.register_on_missing(component)
        return component

    def _problem_statuses(self, operation: Mapping[str, Any]) -> list[HTTPStatus]:
        """Which problem answers this operation may give."""
        statuses = [400, 401, 403, 404, 406, 413, 429, 503]
        if self.method in CHANGING:
            statuses += [409, 415]
        if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", [])):
            statuses += [412, 428]
        statuses += getattr(self.view, "problem_statuses", ())
        return [HTTPStatus(status) for status in statuses]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, Input):
            schema["additionalProperties"] = False
        return schema
