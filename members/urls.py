"""Pages that change members. The list and a member's own page show whether they are in Exact Online, so they live with that."""

from django.urls import path

from members.views import imports, people, statuses

urlpatterns = [
    path("members/new/", people.MemberNew.as_view(), name="member-new"),
    path("members/<int:pk>/edit/", people.MemberEdit.as_view(), name="member-edit"),
    path("members/import/", imports.MemberImportUpload.as_view(), name="member-import"),
    path("members/import/example.csv", imports.MemberImportExample.as_view(), name="member-import-example"),
    path("members/import/<int:pk>/", imports.MemberImportProgress.as_view(), name="member-import-progress"),
    path("settings/member-statuses/", statuses.MemberStatuses.as_view(), name="member-statuses"),
    path("settings/member-statuses/new/", statuses.MemberStatusNew.as_view(), name="member-status-new"),
    path("settings/member-statuses/<int:pk>/edit/", statuses.MemberStatusEdit.as_view(), name="member-status-edit"),
]
