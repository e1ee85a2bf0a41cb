from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from checklists import models, packs, selectors
from checklists.packs import PackError
from checklists.services import Loaded, Outcome, load_library
from common.errors import Conflict

pytestmark = pytest.mark.django_db

Rewrite = Callable[[str, str], None]


def everything() -> dict[str, list[Any]]:
    """All rows of all tables of content, as plain values."""
    kinds = [models.Checklist, models.ChecklistVersion, *models.VersionRow.__subclasses__()]
    return {kind.__name__: list(kind._default_manager.order_by("pk").values()) for kind in kinds}


def trial_versions() -> list[models.ChecklistVersion]:
    return list(models.ChecklistVersion.objects.filter(checklist__key="trial").order_by("number"))


class TestLoadLibrary:
    def test_publishes_a_version_with_all_its_rows(self, library: Path, now: datetime) -> None:
        (loaded,) = load_library(now=now, directory=library)

        assert loaded == Loaded("trial.yaml", "trial", "en", 1, Outcome.PUBLISHED, rows=103)
        (version,) = trial_versions()
        assert version.published_at == now
        counts = {
            kind.__name__: kind._default_manager.filter(version=version).count()
            for kind in models.VersionRow.__subclasses__()
        }
        assert counts == {
            "Term": 10,
            "Question": 14,
            "Cue": 34,
            "Option": 30,
            "Thread": 4,
            "SelfPrompt": 3,
            "Practice": 8,
        }

    def test_a_second_load_changes_nothing_and_says_so(self, library: Path, now: datetime) -> None:
        load_library(now=now, directory=library)
        before = everything()

        (loaded,) = load_library(now=now + timedelta(days=1), directory=library)

        assert loaded.outcome is Outcome.UNCHANGED
        assert everything() == before

    def test_comments_and_layout_are_not_content(
        self, library: Path, rewrite: Rewrite, now: datetime
    ) -> None:
        load_library(now=now, directory=library)
        rewrite("prompt: How was I?\n", "prompt:   How was I?   # said twice\n\n")

        assert load_library(now=now, directory=library)[0].outcome is Outcome.UNCHANGED

    def test_changed_content_under_the_same_number_is_refused(
        self, library: Path, rewrite: Rewrite, now: datetime
    ) -> None:
        load_library(now=now, directory=library)
        before = everything()
        rewrite("prompt: How was I?", "prompt: How was I doing?")

        with pytest.raises(PackError, match=r"^trial\.yaml: the content changed.* raise 'number' to 2$"):
            load_library(now=now, directory=library)
        assert everything() == before

    def test_a_new_number_is_a_new_version_and_leaves_old_rows_alone(
        self, library: Path, rewrite: Rewrite, now: datetime
    ) -> None:
        load_library(now=now, directory=library)
        old = selectors.get_content(checklist_key="trial")
        rewrite("number: 1\n", "number: 2\n")
        rewrite("prompt: How was I?", "prompt: How was I doing?")

        (loaded,) = load_library(now=now + timedelta(days=1), directory=library)

        assert (loaded.number, loaded.outcome) == (2, Outcome.PUBLISHED)
        new = selectors.get_content(checklist_key="trial")
        assert new.question_by_key["self_moment"].prompt == "How was I doing?"
        assert selectors.get_content_of(old.version.id) == old
        assert not set(new.question_by_id) & set(old.question_by_id)

    def test_an_older_number_is_refused(self, library: Path, rewrite: Rewrite, now: datetime) -> None:
        rewrite("number: 1\n", "number: 3\n")
        load_library(now=now, directory=library)
        rewrite("number: 3\n", "number: 2\n")

        with pytest.raises(PackError, match=r"number 2 is older than the published 3; raise 'number' to 4"):
            load_library(now=now, directory=library)

    def test_an_older_release_still_starts_on_a_newer_database(
        self, library: Path, rewrite: Rewrite, now: datetime
    ) -> None:
        load_library(now=now, directory=library)
        rewrite("number: 1\n", "number: 2\n")
        load_library(now=now, directory=library)
        rewrite("number: 2\n", "number: 1\n")

        assert load_library(now=now, directory=library)[0].outcome is Outcome.UNCHANGED
        assert selectors.get_content(checklist_key="trial").version.number == 2

    def test_another_language_counts_for_itself(self, library: Path, now: datetime) -> None:
        text = (library / "trial.yaml").read_text("utf-8")
        (library / "trial.pt.yaml").write_text(text.replace("language: en\n", "language: pt\n"), "utf-8")

        loaded = load_library(now=now, directory=library)

        assert [(one.language, one.number, one.outcome) for one in loaded] == [
            ("pt", 1, Outcome.PUBLISHED),
            ("en", 1, Outcome.PUBLISHED),
        ]
        assert selectors.get_content("pt-BR", checklist_key="trial").version.language == "pt"
        assert selectors.get_content("de", checklist_key="trial").version.language == "en"

    def test_one_broken_file_keeps_the_others_out(self, library: Path, now: datetime) -> None:
        (library / "zz.yaml").write_text("checklist: other\n", "utf-8")

        with pytest.raises(PackError, match=r"^zz\.yaml: "):
            load_library(now=now, directory=library)
        assert trial_versions() == []

    def test_an_empty_directory_is_refused(self, tmp_path: Path, now: datetime) -> None:
        with pytest.raises(PackError, match="no checklist file is here"):
            load_library(now=now, directory=tmp_path)

    def test_broken_help_lines_are_found_at_loading(
        self, tmp_path: Path, library: Path, settings: Any, now: datetime
    ) -> None:
        settings.HELP_LINES_FILE = str(tmp_path / "own" / "lines.yaml")
        with pytest.raises(PackError, match=r"lines\.yaml: cannot be read"):
            load_library(now=now, directory=library)


class TestFrozenVersion:
    @pytest.fixture
    def version(self, library: Path, now: datetime) -> models.ChecklistVersion:
        load_library(now=now, directory=library)
        (version,) = trial_versions()
        return version

    def test_refuses_to_be_saved_or_deleted(self, version: models.ChecklistVersion) -> None:
        version.published_at = None
        version.number = 7
        with pytest.raises(Conflict):
            version.save()
        with pytest.raises(Conflict):
            version.delete()

    def test_refuses_changes_in_bulk(self, version: models.ChecklistVersion) -> None:
        with pytest.raises(Conflict):
            models.ChecklistVersion.objects.filter(pk=version.pk).update(title="Other")
        with pytest.raises(Conflict):
            models.ChecklistVersion.objects.filter(pk=version.pk).delete()

    @pytest.mark.parametrize("kind", models.VersionRow.__subclasses__())
    def test_refuses_changes_of_every_kind_of_row(
        self, version: models.ChecklistVersion, kind: type[models.VersionRow]
    ) -> None:
        rows = kind._default_manager.filter(version=version)
        row = rows.first()
        assert row is not None
        for change in (row.save, row.delete, rows.delete, lambda: rows.update(position=9)):
            with pytest.raises(Conflict):
                change()

    def test_takes_no_further_row(self, version: models.ChecklistVersion) -> None:
        with pytest.raises(Conflict):
            models.Cue(version=version, key="late", tone="missed", dimension="needs", label="Late").save()


class TestRowTruth:
    """What the database itself refuses, whoever writes."""

    @pytest.fixture
    def draft(self) -> models.ChecklistVersion:
        checklist = models.Checklist.objects.create(key="draft")
        return models.ChecklistVersion.objects.create(
            checklist=checklist, number=1, language="en", digest="d", title="Draft", about="…"
        )

    def question(self, draft: models.ChecklistVersion, **fields: Any) -> models.Question:
        plain = {"key": "q", "dimension": "needs", "occasion": "week", "kind": "adult_act", "scale": "share"}
        return models.Question(version=draft, position=0, anchors=[], **{**plain, **fields})

    def test_takes_a_plain_question(self, draft: models.ChecklistVersion) -> None:
        self.question(draft).save()

    @pytest.mark.parametrize(
        ("constraint", "fields"),
        [
            ("checklist_question_self_author_only", {"dimension": "self"}),
            ("checklist_question_self_author_only", {"author_only": True}),
            ("checklist_question_gate_in_moment", {"gated": True}),
            ("checklist_question_dimension_known", {"dimension": "obedience"}),
            ("checklist_question_occasion_known", {"occasion": "year"}),
            ("checklist_question_kind_known", {"kind": "trait"}),
            ("checklist_question_scale_known", {"scale": "agree"}),
        ],
    )
    def test_refuses_a_question_that_breaks(
        self, draft: models.ChecklistVersion, constraint: str, fields: dict[str, Any]
    ) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            self.question(draft, **fields).save()

    def test_refuses_a_key_twice(self, draft: models.ChecklistVersion) -> None:
        self.question(draft).save()
        with pytest.raises(IntegrityError), transaction.atomic():
            self.question(draft).save()

    def test_refuses_a_practice_longer_than_a_minute(self, draft: models.ChecklistVersion) -> None:
        practice = models.Practice(version=draft, position=0, slug="p", dimension="needs", seconds=61)
        with pytest.raises(IntegrityError, match="checklist_practice_within_a_minute"), transaction.atomic():
            practice.save()

    def test_refuses_a_number_twice(self, draft: models.ChecklistVersion) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            models.ChecklistVersion.objects.create(
                checklist=draft.checklist, number=1, language="en", digest="e"
            )


class TestLoadLibraryCommand:
    def test_says_that_nothing_changed(self) -> None:
        out = StringIO()
        call_command("load_library", stdout=out)
        assert out.getvalue() == "attune en, version 1: already here, nothing changed.\n"

    def test_says_what_it_published(self, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(load_library.__wrapped__.__kwdefaults__, "directory", library)  # type: ignore[attr-defined]
        out = StringIO()
        call_command("load_library", stdout=out)
        assert "trial en, version 1: published, 103 entries." in out.getvalue()

    def test_a_mistake_in_a_file_is_one_line(self, library: Path, settings: Any) -> None:
        broken = library / "lines.yaml"
        broken.write_text("lines: none", "utf-8")
        settings.HELP_LINES_FILE = str(broken)
        with pytest.raises(CommandError, match=r"^lines\.yaml: 'lines' has to be a list$"):
            call_command("load_library")


def test_the_library_on_disk_is_what_is_loaded() -> None:
    pack = packs.read_pack(packs.LIBRARY / "en.yaml")
    assert selectors.current_version().digest == pack.version.digest
