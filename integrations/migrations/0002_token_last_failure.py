"""What the token service answered last, so that "twice in a row" can mean twice the same."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("integrations", "0001_exact_online"),)
    operations = (
        migrations.AddField(
            model_name="exactonlinetoken",
            name="last_failure",
            field=models.CharField(blank=True, max_length=40),
        ),
    )
