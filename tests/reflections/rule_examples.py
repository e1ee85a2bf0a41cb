"""Every rule with parameters that its grammar has to carry: one and several of everything."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "keep.came_back": [{"day": "2026-11-11"}],
    "keep.in_tune": [{"day": "2026-11-11"}],
    "way_back.practice": [{"practice": "repair_script"}],
    "noticed.count": [{"moments": 1, "days": 1}, {"moments": 7, "days": 4}],
    "noticed.done": [{"done": [["waited", 3], ["held", 1]]}],
    "noticed.contexts": [{"contexts": [["bedtime", 3], ["meals", 1]]}],
    "noticed.feelings": [{"feelings": [["tired", 2]]}],
    "noticed.shared": [{"author": "b", "moments": 1}, {"author": "x", "moments": 3}],
    "back.came_back": [{"n": 1}, {"n": 3}],
    "back.of_missed": [
        {"missed": 1, "mended": 0},
        {"missed": 1, "mended": 1},
        {"missed": 3, "mended": 0},
        {"missed": 3, "mended": 1},
        {"missed": 3, "mended": 2},
    ],
    "back.earlier": [{"n": 1}, {"n": 2}],
    "focus.chosen": [{"dimension": "needs", "since": "2026-11-02"}],
    "focus.listed": [
        {"dimension": "needs", "n": 1, "values": [[4, 1]]},
        {"dimension": "needs", "n": 3, "values": [[3, 1], [4, 2]]},
    ],
    "focus.context": [{"dimension": "settled", "n": 6, "values": [[2, 4], [5, 2]]}],
    "focus.few": [{"dimension": "needs", "n": 6, "mean": 3.4, "low": 3.0, "high": 3.8}],
    "focus.average": [{"dimension": "needs", "n": 26, "mean": 3.4, "low": 3.0, "high": 3.8}],
    "focus.unclear": [{"dimension": "needs", "n": 25, "mean": 3.6, "low": 3.2, "high": 4.0}],
    "focus.apart": [{"dimension": "needs", "n": 31, "mean": 4.2, "low": 3.9, "high": 4.5}],
    "focus.absent": [
        {"dimension": "needs", "not_seen": 2, "skipped": 0},
        {"dimension": "needs", "not_seen": 0, "skipped": 1},
        {"dimension": "needs", "not_seen": 1, "skipped": 3},
    ],
    "coach.opened": [
        {"coach": "c", "opened": [["summary", 1], ["moment", 1]]},
        {"coach": "", "opened": [["moment", 3], ["reflection", 1], ["sheet", 1], ["sheet_file", 1]]},
    ],
    "you.states": [{"values": [[1, 1], [3, 2]]}],
    "you.question": [{"prompt": "to_a_friend"}],
    "small.context": [{"practice": "notice", "context": "bedtime"}],
    "small.focus": [{"practice": "notice", "dimension": "comfort"}],
    "small.turn": [{"practice": "notice"}],
    "small.try": [{"practice": "name_it"}],
    "print.late": [{"n": 1}, {"n": 2}],
    "print.late_before": [{"n": 1}, {"n": 2}],
    "print.joined": [{"on": "2026-11-12"}],
    "print.transition": [{"days": 5}],
    "print.who_sees": [
        {"shared": 0, "own": 3},
        {"shared": 1, "own": 3},
        {"shared": 2, "own": 3},
        {"shared": 0, "own": 3, "coaches": 1},
        {"shared": 1, "own": 3, "coaches": 1},
    ],
    "print.let_in": [{"coach": "c", "until": "2027-05-12"}],
}
