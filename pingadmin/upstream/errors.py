"""The closed list of ways in which asking an upstream can fail. Only these travel upward."""

from django.db.models import TextChoices

from pingadmin.http.errors import HTTPFailure, RequestError
from pingadmin.http.response import Response


class UpstreamFailure(TextChoices):
    """Ways to fail that HTTP does not know: not asked at all, or answered about something else.

    The label is the second half of a sentence that begins with the system's name.
    """

    BAD_ID = "bad_id", "was not asked: this is not a session id"
    NOT_CONFIGURED = "not_configured", "was not asked: no address and key are set for it"
    BAD_MESSAGE = "bad_message", "was not asked: a message has 1 to 10,000 characters"
    BUSY = "busy", "was not asked: too many of our calls to it are waiting already"
    CIRCUIT_OPEN = (
        "circuit_open",
        "was not asked: it failed several times in a row, so we are giving it a moment",
    )
    TOO_OLD = "too_old", "was not asked: this had waited here for too long"
    WRONG_SESSION = "wrong_session", "answered about another session"


# kind -> the second half of a sentence that begins with the system's name.
FAILURES: dict[str, str] = {
    str(kind): str(label) for kind, label in (*UpstreamFailure.choices, *HTTPFailure.choices)
}

# A clear no to what we asked. Every other failure leaves open whether it was done.
REFUSALS: frozenset[str] = frozenset({"refused_key", "not_found", "rate_limited", "refused"})


class UpstreamError(RequestError):
    """An upstream could not tell us what we asked. The one error that leaves this package.

    kind: a key of FAILURES. code, message: the upstream's own words, cleaned, to be quoted as plain
    text. paused: what the answer states about "paused" all the same. The rest as in RequestError.
    """

    def __init__(
        self,
        kind: str,
        *,
        sent: bool,
        status: int | None = None,
        code: str = "",
        message: str = "",
        retry_after: int | None = None,
        paused: bool | None = None,
    ):
        super().__init__(kind, sent=sent, status=status, retry_after=retry_after)
        self.code = code
        self.message = message
        self.paused = paused

    def __str__(self) -> str:
        return f"{self.kind} (status {self.status}, code {self.code!r})"

    @classmethod
    def from_request(cls, error: RequestError) -> "UpstreamError":
        """The same failure, as one of an upstream."""
        return cls(error.kind, sent=error.sent, status=error.status, retry_after=error.retry_after)

    @classmethod
    def for_content(
        cls, kind: str, response: Response, *, paused: bool | None = None
    ) -> "UpstreamError":
        """An error about a response whose status is fine and whose content is not."""
        return cls(kind, sent=True, status=response.status, paused=paused)

    @property
    def sentence(self) -> str:
        return FAILURES[self.kind]
