"""Static files under names that hold their content's hash, imports inside JavaScript modules included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, with `import './x.js'` rewritten to the hashed name as well."""

    support_js_module_import_aggregation = True
    manifest_strict = not settings.DEBUG
    # Extensions of htmx that no page loads; one of them imports a file that its package does not ship.
    NOT_SERVED = ("django_htmx/ext/",)

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        served = {path: found for path, found in paths.items() if not path.startswith(self.NOT_SERVED)}
        yield from super().post_process(served, *args, **options)
