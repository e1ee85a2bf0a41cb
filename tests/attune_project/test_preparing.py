"""What `manage.py up` prepares before it starts."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from attune_project.management.commands import up


@pytest.mark.django_db
class TestBriefings:
    def test_one_that_is_not_whole_is_told_and_stops_nothing(
        self, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "PT.yaml").write_text("country: PT\n", "utf-8")
        settings.BRIEFINGS_DIR = tmp_path
        reached: list[str] = []

        def only_briefings(name: str, *arguments: str, **options: Any) -> None:
            if name == "briefings":
                call_command(name, *arguments, **options)

        monkeypatch.setattr(up, "call_command", only_briefings)
        monkeypatch.setattr(up, "collect_static_files", lambda: reached.append("static files"))
        said, complaints = StringIO(), StringIO()
        up.Command(stdout=said, stderr=complaints).prepare(first_step=1, demo=False)
        assert reached == ["static files"]
        assert "No briefing was loaded" in complaints.getvalue()
        assert "PT.yaml" in complaints.getvalue()
