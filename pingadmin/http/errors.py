"""The closed list of ways in which HTTP itself can fail, and the error that names one of them."""

from django.db.models import TextChoices


class HTTPFailure(TextChoices):
    """The label is the second half of a sentence that begins with the other side's name."""

    UNREACHABLE = "unreachable", "could not be reached"
    TLS = "tls", "could not be reached safely: its certificate or TLS version was refused"
    TIMED_OUT = "timed_out", "did not answer in time"
    BROKEN_OFF = "broken_off", "cut its response short"
    TOO_LARGE = "too_large", "sent more than we accept"
    REDIRECTED = "redirected", "answered with a redirect, which is not followed"
    UNREADABLE = "unreadable", "gave a response we couldn’t read"
    UNRECOGNISED = "unrecognised", "gave a response that doesn’t fit its documentation"
    UNCONFIRMED = "unconfirmed", "gave an answer that doesn’t say it took the message"
    REFUSED_KEY = "refused_key", "refused our key"
    NOT_FOUND = "not_found", "answered: not found"
    RATE_LIMITED = "rate_limited", "asked us to slow down"
    REFUSED = "refused", "refused the request"
    SERVER_ERROR = "server_error", "reported an internal error"


class RequestError(Exception):
    """A request ended without the answer that was asked for.

    kind: one of HTTPFailure. sent: whether any byte of the request may have left us.
    status: the HTTP status, where one came. retry_after: seconds that it asked us to wait.
    """

    def __init__(
        self, kind: str, *, sent: bool, status: int | None = None, retry_after: int | None = None
    ):
        super().__init__(f"{kind} (status {status})")
        # A plain string, so that a kind reads the same in logs, JSON and the database.
        self.kind = str(kind)
        self.sent = sent
        self.status = status
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        """What happened, as the second half of a sentence that begins with a name."""
        return str(HTTPFailure(self.kind).label)


def classify_status(status: int) -> HTTPFailure:
    """The failure that a status other than the expected one amounts to."""
    match status:
        case 401:
            return HTTPFailure.REFUSED_KEY
        case 404:
            return HTTPFailure.NOT_FOUND
        case 429:
            return HTTPFailure.RATE_LIMITED
    classes = {3: HTTPFailure.REDIRECTED, 4: HTTPFailure.REFUSED, 5: HTTPFailure.SERVER_ERROR}
    return classes.get(status // 100, HTTPFailure.UNRECOGNISED)
