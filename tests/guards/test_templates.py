"""No template does what the content security policy forbids, and none says a word that the product never says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# The digest is mail: mail programs know styles only inline, and nothing else of a page.
MAIL = ("reflections/templates/reflections/mail", "reflections/templates/reflections/digest")

FORBIDDEN_MARKUP = {
    "an inline style": re.compile(r"\sstyle\s*=", re.I),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "an evaluated handler": re.compile(r"\bhx-on\b", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "an inline style sheet": re.compile(r"<style\b", re.I),
    "another host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape\s+off"),
}
# What makes markup, or code, of text, or keeps it in the browser: each has one file that may, or none.
FORBIDDEN_IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|parseFromString|document\.write|\beval\("
    r"|new Function|javascript:|localStorage|sessionStorage(?!\.removeItem)|indexedDB|caches\.open"
)
ALLOWED_IN_SCRIPTS = {
    "frontend/templates/frontend/sw.js": {"caches.open"},
    "frontend/static/js/outbox/database.js": {"indexedDB"},
}
FORBIDDEN_WORDS = re.compile(r"\b(score|streak|grade|patient|compliance|diagnosis|assessment)s?\b", re.I)


def templates() -> list[Path]:
    return sorted(path for path in ROOT.glob("*/templates/**/*") if path.suffix in (".html", ".txt", ".js"))


def is_page(path: Path) -> bool:
    return path.suffix == ".html" and not str(path.relative_to(ROOT)).startswith(MAIL)


def found_in(text: str) -> list[str]:
    return [name for name, pattern in FORBIDDEN_MARKUP.items() if pattern.search(text)]


class TestTemplates:
    @pytest.mark.parametrize(
        "markup",
        [
            '<p style="color:red">',
            '<a onclick="x()">',
            '<a hx-on:click="x()">',
            "<script>x()</script>",
            "<style>p{}</style>",
            '<img src="https://elsewhere.example/x.png">',
            "{{ note|safe }}",
        ],
    )
    def test_the_guard_sees_each_kind(self, markup: str) -> None:
        assert found_in(markup)

    def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(self) -> None:
        pages = [path for path in templates() if is_page(path)]
        assert len(pages) > 20
        found = {str(path.relative_to(ROOT)): found_in(path.read_text("utf-8")) for path in pages}
        assert {path: what for path, what in found.items() if what} == {}

    def test_a_mail_that_is_html_escapes_what_it_says(self) -> None:
        mails = [path for path in templates() if path.suffix == ".html" and not is_page(path)]
        assert mails
        unescaped = FORBIDDEN_MARKUP["text that is not escaped"]
        assert [path for path in mails if unescaped.search(path.read_text("utf-8"))] == []

    def test_no_template_says_what_the_product_never_says(self) -> None:
        assert FORBIDDEN_WORDS.search("your streak")
        said = {
            str(path.relative_to(ROOT)): match.group()
            for path in templates()
            if (match := FORBIDDEN_WORDS.search(path.read_text("utf-8")))
        }
        assert said == {}

    def test_no_template_is_longer_than_a_reader_can_hold(self) -> None:
        long = {str(path.relative_to(ROOT)): path.read_text("utf-8").count("\n") for path in templates()}
        assert {path: lines for path, lines in long.items() if lines > 150} == {}


class TestPython:
    def test_no_text_is_declared_safe(self) -> None:
        """`format_html` escapes what it puts in; these would not."""
        declared = re.compile(r"\bmark_safe\b|\bhtml_safe\b|\bSafe(String|Text)\(|__html__")
        files = [
            path
            for path in ROOT.glob("*/**/*.py")
            if path.relative_to(ROOT).parts[0] not in (".venv", "tests")
        ]
        assert len(files) > 100
        assert [path for path in files if declared.search(path.read_text("utf-8"))] == []


class TestScripts:
    def test_none_makes_markup_of_text_or_keeps_anything(self) -> None:
        assert FORBIDDEN_IN_SCRIPTS.search("row.innerHTML = text")
        scripts = [*ROOT.glob("frontend/static/js/**/*.js"), ROOT / "frontend/templates/frontend/sw.js"]
        assert len(scripts) > 3
        found = {
            str(path.relative_to(ROOT)): set(FORBIDDEN_IN_SCRIPTS.findall(path.read_text("utf-8")))
            for path in scripts
        }
        assert {path: what for path, what in found.items() if what} == ALLOWED_IN_SCRIPTS
