"""Every page has an address a person can read, and every view names the permission it asks for."""

from allauth.account import views as account
from django.urls import include, path

from congressus_sync import views
from congressus_sync.home import Home

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("health/", views.health, name="health"),
    path("settings/", views.Settings.as_view(), name="settings"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("", include("integrations.urls")),
    path("", include("finance.urls")),
    path("", include("members.urls")),
]
