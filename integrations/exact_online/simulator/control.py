"""Which verbs of this simulator the control door opens."""

from __future__ import annotations

READS = ("users", "apps", "divisions", "accounts", "account", "calls", "dials", "faults", "base_url")
WRITES = (
    "reset", "add_user", "add_app", "add_division", "change_user", "change_app", "change_division", "add_account",
    "edit_account", "delete_account", "authorize", "consent", "revoke", "turn", "add_fault", "clear_faults", "gate",
    "wait_at_gate", "release", "use_up", "fresh_limits", "clear_log", "move_division",
)  # fmt: skip
NUMBERS = ("division",)
