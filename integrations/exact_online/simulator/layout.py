"""Pages that look like the simulator of Exact Online."""

from __future__ import annotations

from integrations.simulation.layout import Layout

document = Layout("Exact Online", {"/": "Relations", "/app-center/": "App Center"}).document
