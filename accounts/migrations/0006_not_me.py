from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_block_owner")]

    operations = [
        migrations.RemoveConstraint(model_name="returnedmail", name="returned_mail_known"),
        migrations.AlterField(
            model_name="returnedmail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("hard", "hard"),
                    ("soft", "soft"),
                    ("complaint", "complaint"),
                    ("not_me", "not_me"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="returnedmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["hard", "soft", "complaint", "not_me"])),
                name="returned_mail_known",
            ),
        ),
    ]
