from typing import Any

from django.db import migrations, models
from django.db.models import F


def begin_with_their_start(apps: Any, _schema_editor: Any) -> None:
    """Of what is recorded already, nothing is known but when it began; who still records is heard again soon."""
    apps.get_model("runs", "Run").objects.filter(clock="wall").update(heard_at=F("executed_at"))


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="heard_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When its recorder was last heard.",
                null=True,
                verbose_name="last news",
            ),
        ),
        migrations.RunPython(begin_with_their_start, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("clock", "wall"), ("status", "running")),
                fields=["heard_at"],
                name="runs_that_are_recorded_now",
            ),
        ),
    ]
