"""Tasks that are somebody else's to do in a shared project go with the next read, which is a whole one."""

from django.db import migrations


def read_whole(apps, schema_editor):
    apps.get_model("integrations", "Connection").objects.filter(source="todoist").update(cursor="")


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_signals")]

    operations = [migrations.RunPython(read_whole, migrations.RunPython.noop)]
