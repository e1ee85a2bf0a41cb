"""Sentences whose grammar needs more than one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Params = Mapping[str, Any]


def moments_on_days(params: Params) -> dict[str, str]:
    moments = ngettext("%(n)d moment", "%(n)d moments", params["moments"]) % {"n": params["moments"]}
    days = ngettext("%(n)d day", "%(n)d days", params["days"]) % {"n": params["days"]}
    return {"moments": moments, "days": days}


def of_missed(params: Params) -> str:
    missed, mended = params["missed"], params["mended"]
    if missed == 1:
        return (
            _("You wrote down one missed moment, and it has its came-back.")
            if mended
            else _("You wrote down one moment in which you missed each other.")
        )
    if not mended:
        return _("You wrote down %(missed)d missed moments. No came-back is linked to them yet.") % params
    text = ngettext(
        "Of the %(missed)d missed moments you wrote down, %(mended)d has a came-back. "
        "These are only the ones you wrote down.",
        "Of the %(missed)d missed moments you wrote down, %(mended)d have a came-back. "
        "These are only the ones you wrote down.",
        mended,
    )
    return text % params


def absent(params: Params) -> str:
    unseen, skipped = params["not_seen"], params["skipped"]
    could_not_tell = ngettext("You could not tell once", "You could not tell %(n)d times", unseen) % {
        "n": unseen
    }
    if not skipped:
        return _("%(could_not_tell)s. That does not count as an answer.") % {"could_not_tell": could_not_tell}
    if not unseen:
        text = ngettext(
            "You left the question open once. That does not count as an answer.",
            "You left the question open %(n)d times. That does not count as an answer.",
            skipped,
        )
        return text % {"n": skipped}
    text = ngettext(
        "%(could_not_tell)s and left the question open once. Neither counts as an answer.",
        "%(could_not_tell)s and left the question open %(n)d times. Neither counts as an answer.",
        skipped,
    )
    return text % {"could_not_tell": could_not_tell, "n": skipped}


def who_sees(params: Params) -> str:
    if not params["shared"] and params.get("coaches"):
        return _("Only you can open this page, and nobody else in your household sees the moments on it.")
    if not params["shared"]:
        return _("Only you can open this page, and nobody else sees the moments on it.")
    text = ngettext(
        "Only you can open this page. %(shared)d of its moments is shared with your household.",
        "Only you can open this page. %(shared)d of its moments are shared with your household.",
        params["shared"],
    )
    return text % params
