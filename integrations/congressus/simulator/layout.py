"""Pages that look like the simulator of Congressus."""

from __future__ import annotations

from integrations.simulation.layout import Layout

LINKS = {
    "/": "Leden",
    "/settings/statuses": "Statussen",
    "/settings/integrations/webhooks": "Webhooks",
    "/settings/integrations/apps": "API-sleutels",
}
document = Layout("Congressus", LINKS).document
