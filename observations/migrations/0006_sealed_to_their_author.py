"""What waits sealed is sealed to its author as well: the same columns, which hold a text of its author's key now.

No row is written here. Processes of the version before go on writing to these columns while they run; what they
wrote is sealed again within an hour (`observations.sync.as_sent`).
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('observations', '0005_sync'),
    ]

    operations = [
        migrations.AlterField(
            model_name='syncop',
            name='sealed',
            field=models.BinaryField(blank=True, db_column='sealed', default=b''),
        ),
        migrations.RenameField(
            model_name='syncop',
            old_name='sealed',
            new_name='held_sealed',
        ),
        migrations.AlterField(
            model_name='draft',
            name='shut',
            field=models.BinaryField(blank=True, db_column='shut', default=b''),
        ),
        migrations.RenameField(
            model_name='draft',
            old_name='shut',
            new_name='shut_sealed',
        ),
        # Two sheets of one moment, on two phones, are two drafts.
        migrations.RemoveConstraint(model_name='draft', name='draft_one_half_typed'),
    ]
