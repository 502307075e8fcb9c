import pytest

from integrations.congressus import hosts


@pytest.mark.parametrize("replaced", ["http://127.0.0.1:8002", "http://127.0.0.1:8002/"])
def test_one_address_stands_in_for_both_hosts(replaced):
    assert hosts.api_url(replaced) == "http://127.0.0.1:8002/v30"
    assert hosts.manager_url(replaced) == "http://127.0.0.1:8002"


def test_the_real_ones_speak_https_only():
    assert hosts.api_url() == "https://api.congressus.nl/v30"
    assert hosts.keys_page() == "https://manager.congressus.nl/settings/integrations/apps"
    assert hosts.webhooks_page() == "https://manager.congressus.nl/settings/integrations/webhooks"
