"""Static files under names that hold their content's hash, imports inside JavaScript modules included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

# A comment on lines of its own, or one that tells a type. Nothing else: what looks like one inside a text stays.
_COMMENT = re.compile(
    rb"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)\n|/\*\* @\w(?:(?!\*/)[^\n])*\*/ ?", re.MULTILINE
)


def without_comments(script: bytes) -> bytes:
    """Our modules as phones get them: a third of a module is types and reasons, for whoever reads the source."""
    return _COMMENT.sub(b"", script)


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, with `import './x.js'` rewritten to the hashed name as well, and our scripts bare."""

    support_js_module_import_aggregation = True
    manifest_strict = not settings.DEBUG
    # Extensions of htmx that no page loads; one of them imports a file that its package does not ship.
    NOT_SERVED = ("django_htmx/ext/",)
    OWN_SCRIPTS = re.compile(r"js/.*\.js")

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        served = {path: found for path, found in paths.items() if not path.startswith(self.NOT_SERVED)}
        yield from super().post_process(served, *args, **options)

    def file_hash(self, name: str | None, content: Any = None) -> Any:
        return super().file_hash(name, self._bare(name, content))

    def _save(self, name: str, content: Any) -> Any:
        return super()._save(name, self._bare(name, content))

    def _bare(self, name: str | None, content: File[Any] | None) -> File[Any] | None:
        if content is None or not self.OWN_SCRIPTS.fullmatch(name or ""):
            return content
        content.seek(0)  # the same file is hashed, then saved
        script = content.read()
        return ContentFile(without_comments(script.encode() if isinstance(script, str) else script))
