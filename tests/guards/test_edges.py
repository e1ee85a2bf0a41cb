"""Who may import whom, and what no door may do. Each guard first proves that it can see."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "checklists", "coaching", "households", "observations", "reflections", "reminders")
PACKAGES = (*APPS, "attune_project", "common", "frontend")

# What may not be, each with the contract that has to say so.
BREACHES = {
    "a lower app imports a higher one": ("stack", "accounts/services.py", "import households.selectors"),
    "the kernel imports an app": ("stack", "common/dates.py", "import accounts.rules"),
    "a page's app is imported from below": ("stack", "reflections/services.py", "import frontend.views"),
    "a model imports its services": ("inside", "observations/models.py", "import observations.services"),
    "a selector imports a service": ("inside", "observations/selectors.py", "import observations.services"),
    "a service imports a task": ("inside", "reflections/services.py", "import reflections.tasks"),
    "rules import models": ("inside", "households/rules.py", "import households.models"),
    "a module stands nowhere in the order": ("inside", "observations/helpers.py", ""),
    "a page imports the API": ("doors", "frontend/views.py", "import observations.api"),
    "rules know Django": ("rules", "observations/rules.py", "from django.db import models"),
    "rules know Django by a detour": ("rules", "observations/rules.py", "import common.clock"),
    "an app imports another's rows": (
        "rows-households",
        "observations/services.py",
        "import households.models",
    ),
    "a page imports rows": (
        "rows-observations",
        "frontend/views.py",
        "from observations.models import Observation",
    ),
}


def contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    config = ROOT / "pyproject.toml"
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    return subprocess.run(
        [*command, "--config", str(config), "--no-cache", "--no-logo"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project of the same shape, in which nothing is wrong."""
    root = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        for module in ("__init__", "models", "rules", "selectors", "services", "tasks", "api"):
            (root / package).mkdir(exist_ok=True)
            (root / package / f"{module}.py").touch()
    for path in ("frontend/views.py", "common/dates.py"):
        (root / path).touch()
    (root / "common" / "clock.py").write_text("import django\n")
    return root


class TestContracts:
    def test_the_project_keeps_them(self) -> None:
        done = contracts(ROOT)
        assert done.returncode == 0, done.stdout

    def test_a_tree_without_a_breach_keeps_them(self, tree: Path) -> None:
        done = contracts(tree)
        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize("breach", BREACHES)
    def test_a_breach_is_seen(self, tree: Path, breach: str) -> None:
        contract, path, line = BREACHES[breach]
        module = tree / path
        before = module.read_text() if module.exists() else None
        module.write_text(line + "\n")
        try:
            done = contracts(tree)
        finally:
            module.unlink() if before is None else module.write_text(before)
        broken = re.findall(r"(?m)^(.+) BROKEN$", done.stdout)
        assert name_of(contract) in broken, done.stdout + done.stderr


def name_of(contract: str) -> str:
    """A contract's name, read from where it is written."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    found = re.search(rf'(?m)^id = "{contract}"\nname = "(.+)"$', text)
    assert found, f"no contract has the id {contract}"
    return found.group(1)


def calls(source: str) -> Iterator[str]:
    """The dotted name of each attribute the source uses, and `name()` of each it calls: `x.objects`, `x.save()`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func) + "()"
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def python_files(*patterns: str) -> list[Path]:
    found = [path for pattern in patterns for path in ROOT.glob(pattern) if "migrations" not in path.parts]
    assert found, f"this guard looks at nothing: {patterns}"
    return sorted(found)


TOUCHES_ROWS = re.compile(r"\.(objects|_default_manager)$|\.(save|delete|bulk_create|bulk_update)\(\)$")
READS_CLOCK = re.compile(r"(^|\.)((utc)?now|today|monotonic|time_ns|time\.time)\(\)$")


def offences(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in calls(path.read_text("utf-8"))
        if pattern.search(name)
    ]


class TestDoors:
    def test_this_guard_can_see(self) -> None:
        for source in ("Child.objects.all()", "row.save()", "row.delete()", "Child._default_manager.get()"):
            assert any(TOUCHES_ROWS.search(name) for name in calls(source)), source

    def test_neither_door_touches_rows(self) -> None:
        files = python_files("frontend/**/*.py", "*/api/**/*.py", "*/api.py")
        assert offences(files, TOUCHES_ROWS) == []


class TestRules:
    def test_this_guard_can_see(self) -> None:
        for source in ("datetime.now(UTC)", "date.today()", "time.time()", "timezone.now()", "now()"):
            assert any(READS_CLOCK.search(name) for name in calls(source)), source

    def test_rules_and_services_are_told_the_time(self) -> None:
        files = python_files(
            "*/rules.py", "*/statistics.py", "*/services.py", "*/services/*.py", "*/selectors.py"
        )
        assert offences(files, READS_CLOCK) == []


RUNS_OR_TRUSTS_TEXT = re.compile(
    r"^(pickle|marshal|shelve|dill)\.|(^|\.)(eval|exec|mark_safe|SafeString|unsafe_load|full_load)\(\)$|^yaml\.load\(\)$"
)


def open_field_lists(source: str) -> Iterator[str]:
    """Where a form or a serializer takes whatever fields its model will have: what is added later is taken unseen."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assign(targets=[ast.Name("fields")], value=ast.Constant("__all__")):
                yield "fields"
            case ast.ClassDef(name="Meta") if "exclude" in {
                name.id
                for line in node.body
                if isinstance(line, ast.Assign)
                for name in ast.walk(line.targets[0])
                if isinstance(name, ast.Name)
            }:
                yield "exclude"


class TestTrust:
    def test_this_guard_can_see(self) -> None:
        for source in ("pickle.loads(x)", "yaml.load(x)", "eval(x)", "html.mark_safe(x)", "SafeString(x)"):
            assert any(RUNS_OR_TRUSTS_TEXT.search(name) for name in calls(source)), source
        assert not any(
            RUNS_OR_TRUSTS_TEXT.search(name) for name in calls("yaml.safe_load(x); form.is_valid()")
        )
        assert [*open_field_lists("class Meta:\n    fields = '__all__'")] == ["fields"]
        assert [*open_field_lists("class Meta:\n    exclude = ('a',)")] == ["exclude"]

    def test_no_text_is_run_unpickled_or_taken_for_markup(self) -> None:
        ours = python_files(*(f"{package}/**/*.py" for package in PACKAGES))
        assert len(ours) > 200
        assert offences(ours, RUNS_OR_TRUSTS_TEXT) == []
        assert [str(path) for path in ours if [*open_field_lists(path.read_text("utf-8"))]] == []


class TestTasks:
    def test_a_task_is_at_most_ten_lines(self) -> None:
        def long_tasks(source: str) -> list[str]:
            return [
                node.name
                for node in ast.parse(source).body
                if isinstance(node, ast.FunctionDef)
                and any("task" in ast.unparse(decorator) for decorator in node.decorator_list)
                and len(node.body)
                and (node.end_lineno or 0) - node.body[0].lineno >= 10
            ]

        assert long_tasks("@shared_task\ndef f():\n" + "    x = 1\n" * 11) == ["f"]
        found = {str(path): long_tasks(path.read_text("utf-8")) for path in ROOT.glob("*/tasks.py")}
        assert {path: names for path, names in found.items() if names} == {}
