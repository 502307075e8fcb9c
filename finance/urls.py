from django.urls import path

from finance import views

urlpatterns = [
    path("settings/financial-administrations/", views.FinancialAdministrations.as_view(), name="financial-administrations"),
    path(
        "settings/financial-administrations/new/", views.FinancialAdministrationNew.as_view(), name="financial-administration-new"
    ),
    path(
        "settings/financial-administrations/<int:pk>/edit/",
        views.FinancialAdministrationEdit.as_view(),
        name="financial-administration-edit",
    ),
    path(
        "settings/financial-administrations/<int:pk>/delete/",
        views.FinancialAdministrationDelete.as_view(),
        name="financial-administration-delete",
    ),
]
