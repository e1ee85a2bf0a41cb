"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id that costs two cores about a fifth of a second, and 64 MiB.

    RFC 9106 (4, second recommended option) with one more pass; OWASP asks for 19 MiB and two passes at least.
    """

    time_cost = 4
    memory_cost = 64 * 1024
    parallelism = 2
