"""Every way a call to Congressus can fail, and the fact the engine needs of each: does it pass by itself (`passes`)?

    CongressusError
     |-- passes by itself     Unreachable, Unavailable, LimitReached
     `-- needs a person       WrongKey, NoRights, BadRequest, NotThere, Unexpected

Nothing here is about one member: the only call that asks for one answers None where there is none. What is unknown needs a person.

Congressus does not say how it answers during maintenance, so an answer is believed only as far as it is JSON. That goes for 404
too: a page or a line of text that says "not found" comes from whatever stands before Congressus, and must not look like a member
removed.
"""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from integrations import wire

LONGEST_SAID = 500
_DEEPEST = 4


class CongressusError(Exception):
    """One failed call. `str()` holds method, endpoint, status and a word of our own: no secrets, nothing of a person.

    `said` is Congressus' own text ('' if none, one sentence a line): it may quote what was sent, secrets excepted. `why` is a word of
    ours for the log. `retry_after` is in seconds.
    """

    passes: ClassVar[bool] = False

    def __init__(
        self,
        method: str,
        endpoint: str,
        *,
        status: int | None = None,
        said: str = "",
        retry_after: float | None = None,
        why: str = "",
    ) -> None:
        super().__init__(method, endpoint)
        self.method = method
        self.endpoint = endpoint
        self.status = status
        self.said = said
        self.retry_after = retry_after
        self.why = why

    def __str__(self) -> str:
        details = ", ".join(str(part) for part in (self.status, self.why) if part)
        return f"{type(self).__name__}: {self.method} {self.endpoint}" + (f" ({details})" if details else "")


class Unreachable(CongressusError):
    """No answer: DNS, connect, TLS, time-out, a dropped connection."""

    passes = True


class Unavailable(CongressusError):
    """An answer that is none: 5xx, a page for people, a redirect, half a JSON, JSON of another shape than documented."""

    passes = True


class LimitReached(CongressusError):
    """429: the calls of this minute or hour are spent; `retry_after` says for how long, where Congressus does."""

    passes = True


class WrongKey(CongressusError):
    """401, or a key that no header can carry: it was mistyped, or withdrawn in Congressus."""


class NoRights(CongressusError):
    """403: the key is good, and may not do this."""


class BadRequest(CongressusError):
    """400 or 422: Congressus refuses what was asked or sent, and mostly says why in `said`."""


class NotThere(CongressusError):
    """404 on anything but one member."""


class Unexpected(CongressusError):
    """Nothing we know."""


def from_response(answer: wire.Answer, method: str, endpoint: str, secrets: Iterable[str] = ()) -> CongressusError:
    """The failure in an answer; a 2xx is one that cannot be used. `secrets` are what was sent and must not be repeated in `said`."""
    return _kind(answer)(
        method,
        endpoint,
        status=answer.status,
        said=_said(answer, secrets),
        retry_after=wire.retry_after(answer.headers),
        why=answer.flaw,
    )


def _kind(answer: wire.Answer) -> type[CongressusError]:
    status = answer.status
    if answer.oversized and status < 300:
        return Unexpected
    if status == 408 or (status == 404 and not _is_from_congressus(answer)):
        return Unavailable
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return Unavailable if status < 400 or status >= 500 else Unexpected


_BY_STATUS: dict[int, type[CongressusError]] = {
    400: BadRequest,
    401: WrongKey,
    403: NoRights,
    404: NotThere,
    422: BadRequest,
    429: LimitReached,
}


def _is_from_congressus(answer: wire.Answer) -> bool:
    silent = not answer.body.strip() and not answer.is_html and not answer.flaw
    return silent or _payload(answer) is not None


def _payload(answer: wire.Answer) -> dict[str, Any] | None:
    try:
        payload = answer.json()
    except ValueError:
        return None
    return payload if isinstance(payload, dict) else None


def _said(answer: wire.Answer, secrets: Iterable[str]) -> str:
    """`message`, else `status`, and what `errors` holds, of a body such as {"code", "status", "message", "errors"}."""
    payload = _payload(answer) or {}
    parts = [payload.get("message") or payload.get("status"), *_leaves(payload.get("errors"))]
    whole = "\n".join(part for part in parts if isinstance(part, str))
    for secret in filter(None, secrets):  # before anything is cut: half a secret is one too
        whole = whole.replace(secret, "…")
    return wire.sentences(whole, LONGEST_SAID)


def _leaves(errors: Any, name: str = "", depth: int = 0) -> Iterator[str]:
    """{"json": {"url": ["Not a valid URL."]}} as "url: Not a valid URL.", however deep it is nested within reason."""
    if isinstance(errors, str):
        yield f"{name}: {errors}" if name else errors
    elif depth < _DEEPEST and isinstance(errors, dict):
        for key, value in errors.items():
            yield from _leaves(value, key, depth + 1)
    elif depth < _DEEPEST and isinstance(errors, list):
        for value in errors:
            yield from _leaves(value, name, depth + 1)
