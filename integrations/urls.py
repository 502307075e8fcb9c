"""Addresses of the pages that show how members and systems are linked. `authorize` is the Redirect URL registered at Exact: never change it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
