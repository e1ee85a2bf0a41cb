"""Whose block it is: a former address names nobody, and what it said has to go with whoever had it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def say_whose(apps, schema_editor):
    """By the address that is proved now; and of a former address, by the copy that its owner took along.

    A copy has the sender and the very instant of what it was copied from.
    """
    block = apps.get_model("accounts", "BlockedSender")
    address = apps.get_model("account", "EmailAddress")
    proved = {row.email.lower(): row.user_id for row in address.objects.filter(verified=True).order_by("-pk")}
    for email, user_id in proved.items():
        block.objects.filter(email=email).update(owner_id=user_id)
    for copy in block.objects.filter(owner__isnull=False).order_by("pk"):
        alike = {"sender_id": copy.sender_id, "created_at": copy.created_at, "known_as": copy.known_as}
        block.objects.filter(owner__isnull=True, **alike).update(owner_id=copy.owner_id)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_returned_mail"),
        ("account", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="blockedsender",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(say_whose, migrations.RunPython.noop),
    ]
