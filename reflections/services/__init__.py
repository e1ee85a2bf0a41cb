"""The use cases of the week: store weeks, compile them, think about them, deliver their mail; and comfort cards."""

from reflections.services.cards import delete_card, end_card_link, make_card_link, write_card
from reflections.services.compiling import Compiled, compile_closed, compile_week, ensure_weeks
from reflections.services.delivery import claim_digest, deliver_digest, release_digest
from reflections.services.forgetting import forget_digest_bytes
from reflections.services.planning import plan_digests, prepare_digest
from reflections.services.reports import report_sentence, take_back_report
from reflections.services.returns import take_report
from reflections.services.running import forget_runs, open_run, work_chunk
from reflections.services.thoughts import write_thought
from reflections.services.unsubscribing import unsubscribe

__all__ = [
    "Compiled",
    "claim_digest",
    "compile_closed",
    "compile_week",
    "delete_card",
    "deliver_digest",
    "end_card_link",
    "ensure_weeks",
    "forget_digest_bytes",
    "forget_runs",
    "make_card_link",
    "open_run",
    "plan_digests",
    "prepare_digest",
    "release_digest",
    "report_sentence",
    "take_back_report",
    "take_report",
    "unsubscribe",
    "work_chunk",
    "write_card",
    "write_thought",
]
