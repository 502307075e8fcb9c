"""Addresses of the pages that show how members and systems are linked.

`authorize` is the Redirect URL registered at Exact, and the address of the webhook is registered at Congressus: never change them.
"""

from django.urls import path

from integrations.views import (
    congressus,
    congressus_adoption,
    congressus_settings,
    congressus_walks,
    congressus_webhook,
    connections,
    consent,
    first_link,
    links,
    members,
    plan,
    runs,
    settings,
)

EXACT_ONLINE = "settings/integrations/exact-online/"
WEBHOOK = "integrations/congressus/webhook/<str:secret>/"
CONGRESSUS = "settings/integrations/congressus/"
ONE = EXACT_ONLINE + "<int:pk>/"
DECISION = "members/<int:pk>/connections/<int:connection_pk>/"

urlpatterns = [
    path("settings/integrations/", connections.Integrations.as_view(), name="integrations"),
    path(EXACT_ONLINE, connections.Connections.as_view(), name="exact-online-connections"),
    path(EXACT_ONLINE + "add/", connections.Add.as_view(), name="exact-online-add"),
    path(EXACT_ONLINE + "configs/authorize", consent.Authorize.as_view(), name="exact-online-authorize"),
    path(ONE, connections.Connection.as_view(), name="exact-online-connection"),
    path(ONE + "connect/", consent.Connect.as_view(), name="exact-online-connect"),
    path(ONE + "edit/", settings.Edit.as_view(), name="exact-online-edit"),
    path(ONE + "enable/", connections.Enable.as_view(), name="exact-online-enable"),
    path(ONE + "disable/", connections.Disable.as_view(), name="exact-online-disable"),
    path(ONE + "sync-now/", connections.SyncNow.as_view(), name="exact-online-sync-now"),
    path(ONE + "remove/", connections.Remove.as_view(), name="exact-online-remove"),
    path(ONE + "brake/", connections.Brake.as_view(), name="exact-online-brake"),
    path(ONE + "compare/", runs.Compare.as_view(), name="exact-online-compare"),
    path(ONE + "runs/<int:run_pk>/", runs.Run.as_view(), name="exact-online-run"),
    path(ONE + "runs/<int:run_pk>/stop/", runs.Stop.as_view(), name="exact-online-run-stop"),
    path(ONE + "plan/", plan.Plan.as_view(), name="exact-online-plan"),
    path(ONE + "plan/csv/", plan.PlanCsv.as_view(), name="exact-online-plan-csv"),
    path(ONE + "match/", first_link.MatchTable.as_view(), name="exact-online-match"),
    path(ONE + "match/confirm/", first_link.Confirm.as_view(), name="exact-online-confirm"),
    path(ONE + "match/decide/", first_link.DecideMany.as_view(), name="exact-online-decide-many"),
    path(ONE + "match/undo-all/", first_link.UndoAll.as_view(), name="exact-online-undo-all"),
    path(ONE + "match/<int:link_pk>/", first_link.Decide.as_view(), name="exact-online-decide"),
    path(ONE + "match/<int:link_pk>/relations/", first_link.Relations.as_view(), name="exact-online-relations"),
    path(CONGRESSUS, congressus.Overview.as_view(), name="congressus"),
    path(CONGRESSUS + "edit/", congressus_settings.Edit.as_view(), name="congressus-edit"),
    path(CONGRESSUS + "test/", congressus.Test.as_view(), name="congressus-test"),
    path(CONGRESSUS + "enable/", congressus.Enable.as_view(), name="congressus-enable"),
    path(CONGRESSUS + "disable/", congressus.Disable.as_view(), name="congressus-disable"),
    path(CONGRESSUS + "fetch-now/", congressus.FetchNow.as_view(), name="congressus-fetch-now"),
    path(CONGRESSUS + "remove/", congressus.Remove.as_view(), name="congressus-remove"),
    path(CONGRESSUS + "endings/", congressus.Endings.as_view(), name="congressus-endings"),
    path(CONGRESSUS + "webhook/register/", congressus.RegisterWebhook.as_view(), name="congressus-webhook-register"),
    path(CONGRESSUS + "webhook/remove/", congressus.RemoveWebhook.as_view(), name="congressus-webhook-remove"),
    path(CONGRESSUS + "webhook/by-hand/", congressus.WebhookByHand.as_view(), name="congressus-webhook-by-hand"),
    path(CONGRESSUS + "adopt/", congressus_adoption.Adopt.as_view(), name="congressus-adopt"),
    path(CONGRESSUS + "walks/<int:pk>/", congressus_walks.Walk.as_view(), name="congressus-walk"),
    path(CONGRESSUS + "walks/<int:pk>/stop/", congressus_walks.Stop.as_view(), name="congressus-walk-stop"),
    # Where Congressus itself calls; outside the settings, for it needs no login.
    path(WEBHOOK, congressus_webhook.CongressusWebhook.as_view(), name="congressus-webhook"),
    path("members/", members.Members.as_view(), name="members"),
    path("members/<int:pk>/", members.MemberPage.as_view(), name="member"),
    path(DECISION + "sync-now/", links.SyncNow.as_view(), name="member-sync-now"),
    path(DECISION + "link/", links.Link.as_view(), name="member-link"),
    path(DECISION + "leave-out/", links.LeaveOut.as_view(), name="member-leave-out"),
    path(DECISION + "take-part/", links.TakePart.as_view(), name="member-take-part"),
]
