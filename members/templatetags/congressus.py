"""A member's page in Congressus, as a filter: several floors show it, and only this one knows who is kept there."""

from django import template

from members import congressus_pages

register = template.Library()
register.filter("congressus_page", congressus_pages.member_page)
