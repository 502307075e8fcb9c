"""Where Congressus lives: one host for programs, one for people.

`replaced` stands in for either host (a simulator, a test); no address ends in a slash. The two settings pages are where its own
documents send people. Where a member is found is for the members themselves to tell (members.congressus_pages).
"""


def api_url(replaced: str = "") -> str:
    return (replaced.rstrip("/") or "https://api.congressus.nl") + "/v30"


def manager_url(replaced: str = "") -> str:
    return replaced.rstrip("/") or "https://manager.congressus.nl"


def keys_page(replaced: str = "") -> str:
    """Where an API key is made, and withdrawn."""
    return manager_url(replaced) + "/settings/integrations/apps"


def webhooks_page(replaced: str = "") -> str:
    return manager_url(replaced) + "/settings/integrations/webhooks"
