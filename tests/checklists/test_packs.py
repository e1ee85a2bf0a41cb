from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from checklists import packs
from checklists.packs import PackError, read_help, read_help_lines, read_pack

Rewrite = Callable[[str, str], None]

SELF_WEEK = "  - key: self_week\n"

MISTAKES = [
    pytest.param(
        "status: unvalidated\n", "status: unvalidated\nmood: good\n", "nobody knows 'mood'", id="name"
    ),
    pytest.param(
        SELF_WEEK,
        SELF_WEEK + "    weight: 2\n",
        "questions[self_week]: nobody knows 'weight'",
        id="entry-name",
    ),
    pytest.param(
        SELF_WEEK,
        SELF_WEEK + "    scale: degree\n",
        "line 2\\d\\d: the name 'scale' stands here twice",
        id="twice",
    ),
    pytest.param(
        SELF_WEEK,
        "  - key: needs_week\n",
        "questions[needs_week]: 'key' is already taken by another entry",
        id="same-key",
    ),
    pytest.param("      3: Partly\n", "", "scales.degree.anchors: '3' is missing", id="anchor-missing"),
    pytest.param(
        "      5: Fully\n",
        "      5: Fully\n      6: Beyond\n",
        "scales.degree.anchors: nobody knows '6'",
        id="anchor",
    ),
    pytest.param(
        "label: Kept my distance",
        "label: Kept my distance for much longer than I meant",
        "cues[pulled_away]: 'label' has 45 characters, there is room for 40",
        id="long",
    ),
    pytest.param(
        "key: pulled_away\n    tone: missed\n    dimension: safety",
        "key: pulled_away\n    tone: missed\n    dimension: distance",
        "cues[pulled_away]: 'dimension' is one of needs, safety, .*, not 'distance'",
        id="dimension",
    ),
    pytest.param(
        "key: held\n    tone: in_tune", "key: held\n    tone: nice", "cues[held]: 'tone' is one of", id="tone"
    ),
    pytest.param(
        "    opens_help: true",
        "    opens_help: 1",
        "cues[frightened]: 'opens_help' is true or false",
        id="flag",
    ),
    pytest.param(
        "prompt: How was I?", "prompt: ''", "questions[self_moment]: 'prompt' has to be a text", id="empty"
    ),
    pytest.param("    prompt: How was I?\n", "", "questions[self_moment]: 'prompt' is missing", id="missing"),
    pytest.param(
        "{key: bath,", "{key: Bath,", "options.contexts[Bath]: 'key' may hold small letters", id="key"
    ),
    pytest.param(
        "{key: bath, label: Bath, source: *day}",
        "{key: bath, label: Bath}",
        "'source' is missing",
        id="source",
    ),
    pytest.param(
        "    seconds: 10\n",
        "    seconds: 90\n",
        "practices[leave_gaps]: 'seconds' is a whole number",
        id="minute",
    ),
    pytest.param(
        "contexts: [night, parents_argument]",
        "contexts: [night, thunder]",
        "practices[support]: no context has the key 'thunder'",
        id="context",
    ),
    pytest.param(
        '{from: 12, to: 35, text: "Did my child show me',
        '{from: 13, to: 35, text: "Did my child show me',
        "questions[openness_moment].ages[13]: 'from' has to be 12",
        id="age-gap",
    ),
    pytest.param(
        '{from: 168, to: null, text: "Did my',
        '{from: 168, to: 215, text: "Did my',
        "questions[openness_moment]: the last age wording has to be open-ended",
        id="age-end",
    ),
    pytest.param(
        '{from: 12, to: 35, text: "Did my child show me',
        '{from: 12, to: null, text: "Did my child show me',
        "questions[openness_moment].ages[36]: only the last wording may be open-ended",
        id="age-open",
    ),
    pytest.param(
        "    gated: true\n", "", "questions[comfort_moment]: 'gated' is true for comfort", id="gate"
    ),
    pytest.param(
        "key: self_week\n    dimension: self",
        "key: self_week\n    dimension: needs",
        "questions: 'needs' has to be asked exactly once about a week",
        id="asked-twice",
    ),
    pytest.param(
        "key: missed\n    label", "key: mist\n    label", "terms[mist]: 'key' is one of in_tune", id="term"
    ),
    pytest.param(
        "    - {key: afraid, label: Afraid, source: *feelings}\n",
        "",
        "options: 'afraid' is missing",
        id="no-gate",
    ),
    pytest.param("number: 1\n", "number: 0\n", "'number' is a whole number from 1", id="number"),
    pytest.param("number: 1\n", "number: true\n", "'number' is a whole number from 1", id="number-true"),
    pytest.param("status: unvalidated", "status: proven", "'status' is 'unvalidated'", id="status"),
    pytest.param("\nthreads:\n", "\nthreads: none\nthread:\n", "'threads' has to be a list", id="list"),
    pytest.param(
        "\nquestions:\n",
        "\nquestions:\n  - bare\n",
        "questions[1]: names and values were expected",
        id="bare",
    ),
    pytest.param(
        "prompt: How was I?", "prompt: How: was I?", "line \\d+: mapping values are not allowed", id="yaml"
    ),
    pytest.param(
        "title: Everyday attunement", "title: !!python/name:os.system", "line \\d+: could not", id="python"
    ),
]


class TestReadPack:
    @pytest.mark.parametrize(("old", "new", "complaint"), MISTAKES)
    def test_names_the_file_and_the_entry(
        self, library: Path, rewrite: Rewrite, old: str, new: str, complaint: str
    ) -> None:
        rewrite(old, new)
        pattern = complaint.replace("[", r"\[").replace("]", r"\]")
        with pytest.raises(PackError, match=rf"^trial\.yaml: .*{pattern}"):
            read_pack(library / "trial.yaml")

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(PackError, match=r"^gone\.yaml: cannot be read"):
            read_pack(tmp_path / "gone.yaml")

    @pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
    def test_a_file_without_names_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "odd.yaml").write_text(text, "utf-8")
        with pytest.raises(PackError, match=r"^odd\.yaml: names and values were expected here"):
            read_pack(tmp_path / "odd.yaml")

    def test_a_file_that_is_no_text_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "odd.yaml").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(PackError, match=r"^odd\.yaml: cannot be read"):
            read_pack(tmp_path / "odd.yaml")

    def test_an_entry_that_holds_itself_is_refused(self, library: Path, rewrite: Rewrite) -> None:
        rewrite("title: Everyday attunement", "title: &me [*me]")
        with pytest.raises(PackError, match=r"^trial\.yaml: "):
            read_pack(library / "trial.yaml")


LINE = """
lines:
  - countries: [XX]
    place: Xland
    name: Parents' line
    kind: parenting
    phone: "+00 000 000"
    hours: day and night
    reviewed_on: 2026-01-31
"""


class TestReadHelpLines:
    def read(self, tmp_path: Path, text: str) -> tuple[object, ...]:
        path = tmp_path / "lines.yaml"
        path.write_text(text, "utf-8")
        return read_help_lines(path)

    def test_an_empty_list_is_a_valid_answer(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, "lines: []") == ()

    def test_one_entry_serves_each_of_its_countries(self, tmp_path: Path) -> None:
        lines = self.read(tmp_path, LINE.replace("[XX]", "[XX, YY]"))
        assert [line.country for line in lines] == ["XX", "YY"]  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ("    reviewed_on: 2026-01-31\n", "", "'reviewed_on' is missing"),
            ("2026-01-31", "last spring", "'reviewed_on' is a date"),
            ('    phone: "+00 000 000"\n', "", "'phone' or 'url' is needed"),
            ('"+00 000 000"', '"ask at the desk"', "'phone' holds digits"),
            ('phone: "+00 000 000"', "url: http://example.org/", "'url' begins with https://"),
            ('phone: "+00 000 000"', "url: 'javascript:alert(1)'", "'url' begins with https://"),
            ("parenting", "astrology", "'kind' is one of"),
            ("[XX]", "[xland]", "'countries' is a list of texts of at most 2"),
            ("[XX]", "[xx]", "'countries' holds two-letter codes"),
            ("[XX]", "[NO]", "'countries' is a list of texts"),
        ],
    )
    def test_names_the_line_that_nobody_could_use(
        self, tmp_path: Path, old: str, new: str, complaint: str
    ) -> None:
        assert old in LINE
        with pytest.raises(PackError, match=rf"^lines\.yaml: lines\[1\]: {re.escape(complaint)}"):
            self.read(tmp_path, LINE.replace(old, new))


class TestReadHelp:
    def test_needs_all_three_cards(self, tmp_path: Path) -> None:
        text = (packs.LIBRARY / "help.en.yaml").read_text("utf-8")
        path = tmp_path / "help.en.yaml"
        path.write_text(text.replace("key: soft\n", "key: mild\n"), "utf-8")
        with pytest.raises(
            PackError, match=r"^help\.en\.yaml: cards: not_ok, not_safe, watched, soft are needed"
        ):
            read_help(path)

    def test_knows_which_lines_a_card_may_name(self, tmp_path: Path) -> None:
        text = (packs.LIBRARY / "help.en.yaml").read_text("utf-8")
        path = tmp_path / "help.en.yaml"
        path.write_text(text.replace("[crisis, parenting, emergency]", "[crisis, pizza]"), "utf-8")
        with pytest.raises(PackError, match=r"cards\[soft\]: 'lines' holds .*, not 'pizza'"):
            read_help(path)
