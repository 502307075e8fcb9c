"""Which verbs of this simulator the control door opens."""

from __future__ import annotations

READS = (
    "key",
    "association",
    "statuses",
    "member",
    "members",
    "webhooks",
    "webhook_calls",
    "calls",
    "dials",
    "faults",
    "base_url",
)
WRITES = (
    "rename", "add_status", "change_status", "remove_status", "add_member", "add_members", "change_member", "move_member",
    "delete_member", "restore_member", "erase_member", "add_key", "change_key", "remove_key", "add_webhook", "remove_webhook",
    "webhooks_idle", "hold_webhooks", "release_webhooks", "turn", "add_fault", "clear_faults", "wait_at_gate", "release",
    "use_up", "fresh_limits", "clear_calls",
)  # fmt: skip
NUMBERS = ("id", "status", "object_id")
