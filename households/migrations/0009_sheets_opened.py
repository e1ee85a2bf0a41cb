"""A coach's sheet for a session is something to have opened.

SQLite makes the table anew for it, and its trigger goes with the old one: that a line is written once is said again.
"""

from django.db import migrations, models

STAYS = """
CREATE TRIGGER IF NOT EXISTS households_accessentry_stays
BEFORE UPDATE OF author_id, reader_kind, opened, subject_id, at ON households_accessentry
BEGIN SELECT RAISE(ABORT, 'who looked is written once'); END
"""
OPENED = ["summary", "moment", "reflection", "sheet", "sheet_file", "account"]


def say_again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(STAYS)


class Migration(migrations.Migration):
    dependencies = [("households", "0008_briefings")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, say_again),
        migrations.RemoveConstraint(model_name="accessentry", name="access_opened_known"),
        migrations.AlterField(
            model_name="accessentry",
            name="opened",
            field=models.CharField(choices=[(item, item) for item in OPENED], max_length=12),
        ),
        migrations.AddConstraint(
            model_name="accessentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened__in", OPENED)), name="access_opened_known"
            ),
        ),
        migrations.RunPython(say_again, migrations.RunPython.noop),
    ]
