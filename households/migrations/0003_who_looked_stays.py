"""Who looked, at what and when, is written once: the database itself refuses to change it.

Deleting stays possible, for erasure; so does forgetting the reader, and moving a line along with its author to another
household. The old version of the program never changes these columns.
"""

from django.db import migrations

COLUMNS = "author_id, reader_kind, opened, subject_id, at"

POSTGRES = f"""
CREATE FUNCTION households_accessentry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'who looked is written once' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER households_accessentry_stays BEFORE UPDATE OF {COLUMNS} ON households_accessentry
FOR EACH ROW EXECUTE FUNCTION households_accessentry_stays();
"""
SQLITE = f"""
CREATE TRIGGER households_accessentry_stays BEFORE UPDATE OF {COLUMNS} ON households_accessentry
BEGIN SELECT RAISE(ABORT, 'who looked is written once'); END
"""


def put(apps, schema_editor):
    schema_editor.execute(POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE)


def take_away(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER households_accessentry_stays ON households_accessentry")
        schema_editor.execute("DROP FUNCTION households_accessentry_stays()")
    else:
        schema_editor.execute("DROP TRIGGER households_accessentry_stays")


class Migration(migrations.Migration):
    dependencies = [("households", "0002_grants")]

    operations = [migrations.RunPython(put, take_away)]
