"""Where Exact Online lives: one host per country, each with users and books of its own.

A token of one host is useless on another, so a connection names its site once and every address is derived from it.
"""

from urllib.parse import urlencode

from .odata import canonical_guid

SITES: dict[str, str] = {
    "nl": "https://start.exactonline.nl",
    "be": "https://start.exactonline.be",
    "de": "https://start.exactonline.de",
    "fr": "https://start.exactonline.fr",
    "es": "https://start.exactonline.es",
    "uk": "https://start.exactonline.co.uk",
    "com": "https://start.exactonline.com",
}


def base_url(site: str, override: str = "") -> str:
    """The address of a site, without a slash at the end.

    `override` stands in for the host of every site (a simulator, a test). ValueError when the site is unknown.
    """
    if site not in SITES:
        raise ValueError(f"unknown Exact Online site {site!r}; one of {', '.join(SITES)}")
    return override.rstrip("/") or SITES[site]


def relation_url(base: str, division: int, guid: str) -> str:
    """A link for people to the card of a relation; ValueError when `guid` is none.

    The path is what users of Exact Online report, not documented: a broken link costs a click, so nothing else rests on it.
    """
    query = urlencode({"AccountID": "{" + canonical_guid(guid) + "}", "_Division_": division})
    return f"{base}/docs/CRMAccountCard.aspx?{query}"
