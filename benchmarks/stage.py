"""A stage for measurements: a fresh test database, an Exact Online in a box, an association."""

from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.conf import settings


@contextmanager
def world(**dials: object) -> Iterator["World"]:  # noqa: F821  (needs Django first)
    django.setup()
    import logging

    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    from integrations.exact_online.simulator import Simulator
    from tests.worlds import World

    logging.disable(logging.WARNING)
    setup_test_environment()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with Simulator() as exact:
            settings.EXACT_ONLINE_BASE_URL = exact.base_url
            exact.turn(minute_limit=1_000_000, day_limit=1_000_000, **dials)
            yield World(exact)
    finally:
        connection.close()
        connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()
