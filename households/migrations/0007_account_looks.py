"""An account that an operator opened is in no household: its line is its owner's, wherever they live.

SQLite makes the table anew for it, and its trigger goes with the old one: that a line is written once is said again.
"""

import django.db.models.deletion
from django.db import migrations, models

STAYS = """
CREATE TRIGGER IF NOT EXISTS households_accessentry_stays
BEFORE UPDATE OF author_id, reader_kind, opened, subject_id, at ON households_accessentry
BEGIN SELECT RAISE(ABORT, 'who looked is written once'); END
"""


def say_again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(STAYS)


class Migration(migrations.Migration):
    dependencies = [("households", "0006_author_email")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, say_again),
        migrations.AlterField(
            model_name="accessentry",
            name="household",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="households.household",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("household__isnull", False), ("opened", "account"), _connector="OR"),
                name="access_in_a_household",
            ),
        ),
        migrations.RunPython(say_again, migrations.RunPython.noop),
    ]
