"""Weekly mails that came back after the mail server had taken them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.services import note_returned_mail
from common.errors import NotVisible
from reflections.models import Digest
from reflections.reports import Report
from reflections.tokens import read_return_token


@transaction.atomic
def take_report(*, report: Report, now: datetime) -> None:
    """Note what a mail server reported about one delivery, for the address it had been sent to.

    Raises:
        NotVisible: the report names no delivery of ours.
    """
    digest = Digest.objects.filter(pk=read_return_token(report.token)).first()
    if digest is None:
        raise NotVisible("digest")
    note_returned_mail(email=digest.recipient, kind=report.kind, now=now)
