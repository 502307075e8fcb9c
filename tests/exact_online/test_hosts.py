import pytest

from integrations.exact_online.hosts import SITES, base_url, relation_url

GUID = "6C1AB9DC-0E4B-4F3C-9A56-0F6B5E3A7D21"


@pytest.mark.parametrize(("site", "address"), SITES.items())
def test_every_site_has_a_host_of_its_own(site, address):
    assert base_url(site) == address
    assert address.startswith("https://start.exactonline.")
    assert list(SITES.values()).count(address) == 1


def test_an_override_stands_in_for_every_site():
    assert {base_url(site, "http://127.0.0.1:8001/") for site in SITES} == {"http://127.0.0.1:8001"}


@pytest.mark.parametrize("override", ["", "http://127.0.0.1:8001"])
def test_an_unknown_site_is_refused(override):
    with pytest.raises(ValueError, match="unknown Exact Online site 'nz'"):
        base_url("nz", override)


def test_the_card_of_a_relation_names_guid_and_division():
    url = relation_url("https://start.exactonline.nl", 102030, GUID)
    assert url == (
        "https://start.exactonline.nl/docs/CRMAccountCard.aspx"
        "?AccountID=%7B6c1ab9dc-0e4b-4f3c-9a56-0f6b5e3a7d21%7D&_Division_=102030"
    )


def test_the_card_of_no_guid_is_refused():
    with pytest.raises(ValueError, match="hexadecimal"):
        relation_url("https://start.exactonline.nl", 1, "javascript:alert(1)")
