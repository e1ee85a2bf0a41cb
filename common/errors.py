"""What a use case raises; each door translates it once (`common.middleware`, `common.api`).

A broken rule is Django's own `ValidationError({"field": [...]}, code=...)`.
"""

from __future__ import annotations


class DomainError(Exception):
    """Base of the errors that a door shows to the person."""


class NotVisible(DomainError):
    """Missing, or not yours to know: both look the same from outside (404)."""


class Refused(DomainError):
    """You may know of it, but your role does not allow this (403)."""


class Conflict(DomainError):
    """It changed since you looked (409, or 412 for a conditional request)."""
