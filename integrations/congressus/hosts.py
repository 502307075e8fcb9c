"""Where Congressus lives: one host for programs, one for people.

`replaced` stands in for either host (a simulator, a test); no address ends in a slash. The two settings pages are where its own
documents send people; the page of a member is likely, not documented: a broken link costs a click, so nothing else rests on it.
"""


def api_url(replaced: str = "") -> str:
    return (replaced.rstrip("/") or "https://api.congressus.nl") + "/v30"


def manager_url(replaced: str = "") -> str:
    return replaced.rstrip("/") or "https://manager.congressus.nl"


def member_page(congressus_id: int, replaced: str = "") -> str:
    return f"{manager_url(replaced)}/members/{congressus_id:d}"


def keys_page(replaced: str = "") -> str:
    """Where an API key is made, and withdrawn."""
    return manager_url(replaced) + "/settings/integrations/apps"


def webhooks_page(replaced: str = "") -> str:
    return manager_url(replaced) + "/settings/integrations/webhooks"
