"""How a moment is written: how long ago, because that answers "is it still working?"; the exact time for whoever hovers.

Times are shown in the time zone of the installation (Amsterdam by default), whatever the server's clock or the browser thinks.
"""

from datetime import datetime

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime

register = template.Library()


@register.simple_tag
@register.filter(is_safe=True)
def ago(value: datetime | None) -> str:
    """An aware datetime as a `<time>` element; "" for None, so that `{{ value|ago|default:... }}` can name what is missing."""
    if not value:
        return ""
    local = localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "DATETIME_FORMAT"),
        naturaltime(value),
    )
