"""Static files under names that hold their content's hash, imports inside JavaScript modules included."""

from __future__ import annotations

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, with `import './x.js'` rewritten to the hashed name as well."""

    support_js_module_import_aggregation = True
    manifest_strict = not settings.DEBUG
