"""Scripts as phones get them: under the hash of what they get, and without what is for readers of the source."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from frontend.storage import HashedStaticStorage, without_comments

SCRIPTS = Path(__file__).parents[2] / "frontend" / "static" / "js"
SOURCE = b"""// @ts-check
/**
 * @param {string} address
 */
export const open = (/** @type {string} */ address) => {
  // why
  return /** @type {Window} */ (window.open(`https://${address}/*`, "//")); // an end of a line stays
};
"""
BARE = b"""export const open = (address) => {
  return (window.open(`https://${address}/*`, "//")); // an end of a line stays
};
"""


class TestWithoutComments:
    def test_takes_lines_and_types_away_and_nothing_that_looks_like_them(self) -> None:
        assert without_comments(SOURCE) == BARE
        assert without_comments(BARE) == BARE

    @pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.js")), ids=lambda path: path.name)
    def test_no_text_of_ours_runs_over_lines_where_one_might_begin(self, path: Path) -> None:
        assert [line for line in path.read_text("utf-8").splitlines() if line.count("`") % 2] == []


class TestHashedStaticStorage:
    @pytest.fixture
    def storage(self, tmp_path: Path) -> HashedStaticStorage:
        return HashedStaticStorage(location=str(tmp_path), base_url="/static/")

    def test_stores_our_scripts_bare_and_names_them_by_what_it_stores(
        self, storage: HashedStaticStorage
    ) -> None:
        file = ContentFile(SOURCE)
        assert storage.file_hash("js/open.js", file) == storage.file_hash("js/open.js", ContentFile(BARE))
        with storage.open(storage.save("js/open.js", file)) as stored:
            assert stored.read() == BARE

    @pytest.mark.parametrize("name", ["django_htmx/htmx-2.min.js", "css/base.css"])
    def test_leaves_every_other_file_as_it_is(self, storage: HashedStaticStorage, name: str) -> None:
        with storage.open(storage.save(name, ContentFile(SOURCE))) as stored:
            assert stored.read() == SOURCE
