"""The table of the database cache, which the login limiter counts in."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("congressus_sync", "0001_user")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
