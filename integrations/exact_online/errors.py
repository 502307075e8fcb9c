"""Every way a call to Exact Online can fail, and the two facts the engine needs of each.

Does it pass by itself (`passes`), and whom does it concern (`concerns`)? What is unknown needs a person.

    ExactError
     |                      passes by itself             needs a person
     |-- the relation       RelationBusy                 Rejected, Vanished
     |-- the connection     MinuteLimitReached           Unauthorized, Forbidden, BadRequest,
     |                      DayLimitReached              WrongDivision, Unexpected
     |                      LimitUnknown
     |                      Unreachable, Maintenance
     `-- TokenError         TokenNotExpired              OldRefreshToken, ConsentLost,
         (the connection)   TokenLimitReached            WrongCredentials
                            TokenServiceUnavailable

A third fact is `answer_lost`: the write may have been executed although no usable answer came, so nobody may repeat it before
looking. It is False only where Exact surely did nothing: no byte was sent, or a refusal (401, 429, a validation message) came.

Three rules of Exact's shaped the sorting. Validation errors arrive as HTTP 500 *with* a message in JSON, so 500 alone says
nothing. A 429 carries the headers of the window that was hit and of no other; without any it may be the block for too many
errors. And the token endpoint answers 400 or 401 without a word during maintenance, when the same token works hours later.
"""

from typing import Any, ClassVar, Literal

from integrations import wire

from .limits import RateLimits

COUNTED = frozenset({400, 401, 403, 404})
TOKEN_ENDPOINT = "oauth2/token"  # noqa: S105 -- a path, no secret
_LONGEST_SAID = 1000
_LONGEST_REASON = 100


class ExactError(Exception):
    """One failed call. `str()` holds method, endpoint, status and a word of our own: no secrets, nothing of a person.

    `said` is Exact's own text ('' if none, one sentence a line, in the language of the consenting user): it may quote what was
    sent. `reason` is the word in the Reason header. `why` is a word of ours for the log. `retry_after` is in seconds.
    """

    passes: ClassVar[bool] = False
    concerns: ClassVar[Literal["relation", "connection"]] = "connection"

    def __init__(
        self,
        method: str,
        endpoint: str,
        *,
        status: int | None = None,
        said: str = "",
        reason: str = "",
        limits: RateLimits | None = None,
        retry_after: float | None = None,
        answer_lost: bool = False,
        why: str = "",
    ) -> None:
        super().__init__(method, endpoint)
        self.method = method
        self.endpoint = endpoint
        self.status = status
        self.said = said
        self.reason = reason
        self.limits = limits
        self.retry_after = retry_after
        self.answer_lost = answer_lost
        self.why = why

    def __str__(self) -> str:
        details = ", ".join(str(part) for part in (self.status, self.reason, self.why) if part)
        return f"{type(self).__name__}: {self.method} {self.endpoint}" + (f" ({details})" if details else "")

    @property
    def counted(self) -> bool:
        """Whether Exact counts it: more than ten an hour for one endpoint and the key is blocked."""
        return self.status in COUNTED


class RelationBusy(ExactError):
    """Exact stumbled over this record (5xx or 408 without a message, an answer nobody can read)."""

    passes = True
    concerns = "relation"


class Rejected(ExactError):
    """Exact does not want these values: HTTP 500 with a message, which stands in `said`."""

    concerns = "relation"


class Vanished(ExactError):
    """The relation written to is not there (404). Exact is not always that honest: see Forbidden."""

    concerns = "relation"


class MinuteLimitReached(ExactError):
    """The calls of this minute are spent; `limits.minute.reset` says until when."""

    passes = True


class DayLimitReached(ExactError):
    """The calls of this day are spent; `limits.day.reset` says until when."""

    passes = True


class LimitUnknown(ExactError):
    """429 that names no window: perhaps the block for too many errors, which lasts an hour and grows."""

    passes = True


class Unreachable(ExactError):
    """No answer, or half of one: DNS, connect, TLS, time-out, a dropped connection."""

    passes = True


class Maintenance(ExactError):
    """A page for people where JSON was due: 503, HTML, a redirect to the login."""

    passes = True


class Unauthorized(ExactError):
    """401: the access token is not, or no longer, good. Whoever keeps the tokens decides what follows."""


class Forbidden(ExactError):
    """403. `reason` says which: NoDivisionAccess, DivisionBlocked, LicenseExpired, BlockedUser, InactiveUser, BlockedCustomer.

    Without a reason it may also be Exact's way to say that the guid is unknown.
    """


class BadRequest(ExactError):
    """400: Exact did not understand the request, which is our fault."""


class WrongDivision(ExactError):
    """The answer is about another administration than the one asked; Exact has been seen to write there."""


class Unexpected(ExactError):
    """Nothing we know."""


class TokenError(ExactError):
    """The token endpoint gave no token."""


class TokenNotExpired(TokenError):
    """Asked before 570 s had passed: somebody else refreshed, or a clock is off. Harmless."""

    passes = True


class OldRefreshToken(TokenError):
    """This refresh token has been used already; a newer one exists, or existed."""


class ConsentLost(TokenError):
    """The chain of tokens has ended: revoked, replaced by another consent, unused for 30 days, user blocked."""


class WrongCredentials(TokenError):
    """Client ID, client secret or redirect URI are not as registered."""


class TokenLimitReached(TokenError):
    """More than 200 tokens today for this app and user."""

    passes = True


class TokenServiceUnavailable(TokenError):
    """No usable answer: outage, maintenance, time-out. Consent is not lost by it."""

    passes = True


def from_response(answer: wire.Answer, method: str, endpoint: str) -> ExactError:
    """The failure in an answer of the REST interface; a 2xx is one that cannot be used."""
    said, reason = _said(answer), _reason(answer)
    kind = _kind(answer, method, endpoint, said)
    return kind(method, endpoint, **_facts(answer, said, reason), answer_lost=_lost(answer, method, kind), why=answer.flaw)


def from_token_response(answer: wire.Answer) -> TokenError | Unexpected:
    """The failure in an answer of the token endpoint; a 2xx is one without JSON."""
    payload = _payload(answer)
    fault = payload.get("error") if isinstance(payload, dict) else None
    fault = fault if isinstance(fault, str) else ""
    said = wire.sentences(payload.get("error_description"), _LONGEST_SAID) if isinstance(payload, dict) else ""
    words = answer.headers.get("Reason", "") + answer.body[:_LONGEST_SAID].decode("utf-8", "replace")
    kind = _token_kind(answer, fault, words.casefold())
    # A refresh token works once: when the answer is lost, the pair may have been renewed without us.
    lost = answer.status < 400 or answer.status == 408 or answer.status >= 500
    return kind("POST", TOKEN_ENDPOINT, **_facts(answer, said or fault, _reason(answer)), answer_lost=lost, why=answer.flaw)


def _facts(answer: wire.Answer, said: str, reason: str) -> dict[str, Any]:
    return {
        "status": answer.status,
        "said": said or wire.sentences(answer.headers.get("Reason", "").partition(":")[2], _LONGEST_SAID),
        "reason": reason,
        "limits": RateLimits.from_headers(answer.headers),
        "retry_after": wire.retry_after(answer.headers),
    }


def _kind(answer: wire.Answer, method: str, endpoint: str, said: str) -> type[ExactError]:
    status = answer.status
    about_relation = endpoint.startswith("crm/")
    if status == 429:
        return _limit(RateLimits.from_headers(answer.headers))
    if status == 404 and method == "PUT" and about_relation:
        return Vanished
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status == 500 and said:
        return Rejected if about_relation else Unexpected
    if 300 <= status < 400 or (status < 300 and answer.is_html):
        return Maintenance
    if status < 300 and answer.flaw:
        return Unexpected if answer.oversized else Unreachable
    if status < 300 or status == 408 or status >= 500:
        return RelationBusy if about_relation else Maintenance
    return Unexpected


_BY_STATUS: dict[int, type[ExactError]] = {400: BadRequest, 401: Unauthorized, 403: Forbidden, 503: Maintenance}


def _limit(limits: RateLimits) -> type[ExactError]:
    """Which window was hit: the one with nothing left, else the only one Exact speaks of."""
    minute, day = limits.minute.reset is not None, limits.day.reset is not None
    if day and (limits.day.remaining == 0 or not minute):
        return DayLimitReached
    if minute and (limits.minute.remaining == 0 or not day):
        return MinuteLimitReached
    return LimitUnknown


def _lost(answer: wire.Answer, method: str, kind: type[ExactError]) -> bool:
    if method == "GET" or kind is Rejected:
        return False
    return answer.status < 400 or answer.status == 408 or answer.status >= 500


def _token_kind(answer: wire.Answer, fault: str, words: str) -> type[TokenError] | type[Unexpected]:
    status = answer.status
    if 400 <= status < 500 and ("not expired" in words or "tooearlytorefresh" in words):
        return TokenNotExpired
    if 400 <= status < 500 and "old refresh token" in words:
        return OldRefreshToken
    if status == 429 or (400 <= status < 500 and "rate limit exceeded" in words):
        return TokenLimitReached
    if status == 403 or (status in (400, 401) and "chainid" in words):
        return ConsentLost
    if status in (400, 401):
        return _TOKEN_FAULTS.get(fault, Unexpected if fault else TokenServiceUnavailable)
    if answer.oversized or (400 < status < 500 and status != 408):
        return Unexpected
    return TokenServiceUnavailable


_TOKEN_FAULTS: dict[str, type[TokenError]] = {
    "invalid_grant": ConsentLost,
    "access_denied": ConsentLost,
    "invalid_request": WrongCredentials,
    "invalid_client": WrongCredentials,
    "unauthorized_client": WrongCredentials,
    "server_error": TokenServiceUnavailable,
    "temporarily_unavailable": TokenServiceUnavailable,
}


def _said(answer: wire.Answer) -> str:
    """`error.message.value` of the body, '' when there is none; never anything out of a page for people."""
    payload = _payload(answer)
    error = payload.get("error") if isinstance(payload, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return wire.sentences(message.get("value") if isinstance(message, dict) else message, _LONGEST_SAID)


def _payload(answer: wire.Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _reason(answer: wire.Answer) -> str:
    word = answer.headers.get("Reason", "").partition(":")[0]
    return wire.sentences(word, _LONGEST_REASON)
