"""Members arrive from Congressus: walks, polling and webhooks say who may have changed, `store` writes what did.

Nothing here writes to Exact Online. A member that arrives is written like any other, and the drain finds it.
"""
