"""What Congressus answers to a key that was just entered, or is tried by a person: in one sentence, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from integrations.congressus import errors
from integrations.failures import ConnectionRests, Stopped
from integrations.models.secret import SecretUnreadable


class KeyRefused(Exception):
    """The key cannot be used; the text says why and what to do."""


@contextmanager
def refusing() -> Iterator[None]:
    """Whatever Congressus answers becomes a KeyRefused with a sentence."""
    try:
        yield
    except errors.WrongKey:
        raise KeyRefused(
            _(
                "Congressus does not accept this API key. Copy it once more, whole, from Settings > Integrations > Apps in Congressus."
            )
        ) from None
    except (errors.NoRights, errors.NotThere):
        raise KeyRefused(
            _(
                "This API key may not see members or their statuses. Give the user group it belongs to the right to view both in "
                "Congressus, then try again."
            )
        ) from None
    except errors.LimitReached:
        raise KeyRefused(_("Congressus allows no more calls for the moment. Wait a few minutes, then try again.")) from None
    except ConnectionRests:
        raise KeyRefused(
            _("The share of the calls to Congressus that is ours is spent. Wait a few minutes, then try again.")
        ) from None
    except (errors.Unreachable, errors.Unavailable):
        raise KeyRefused(
            _("Congressus could not be reached, or is out of order, so nothing was changed. Try again later.")
        ) from None
    except SecretUnreadable:
        raise KeyRefused(
            _("The stored API key cannot be read with the keys of this installation. Enter it again with Actions > Edit.")
        ) from None
    except (errors.CongressusError, Stopped):
        raise KeyRefused(
            _("Congressus gave an answer that is not understood, so nothing was changed. Try again later.")
        ) from None
