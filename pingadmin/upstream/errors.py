"""One word for each way in which asking an upstream can fail. Only these words travel upward."""

# word -> what it means, as the second half of a sentence that begins with the system's name.
FAILURES = {
    "bad_id": "was not asked: this is not a session id",
    "not_configured": "was not asked: no address and key are set for it",
    "busy": "was not asked: too many of our calls to it are waiting already",
    "circuit_open": "was not asked: it failed several times in a row, so we are giving it a moment",
    "unreachable": "could not be reached",
    "tls": "could not be reached safely: its certificate or TLS version was refused",
    "timed_out": "did not answer in time",
    "broken_off": "broke off its answer",
    "too_large": "sent more than we accept",
    "redirected": "answered with a redirect, which is not followed",
    "unreadable": "gave an answer that we could not read",
    "unrecognised": "gave an answer that does not fit its documentation",
    "wrong_session": "answered about another session",
    "refused_key": "refused our key",
    "not_found": "answered: not found",
    "rate_limited": "asked us to slow down",
    "refused": "refused the request",
    "server_error": "answered that it failed itself",
}

# Words that are a clear no to what we asked; every other word leaves open whether it was done.
REFUSALS = {"refused_key", "not_found", "rate_limited", "refused"}


class UpstreamError(Exception):
    """An upstream could not tell us what we asked.

    kind: a key of FAILURES. status: the HTTP status, where one came. code, message: the upstream's own
    words, cleaned, for quoting as plain text. retry_after: seconds it asked us to wait.
    sent: whether any byte of the request may have left us. paused: what the answer states about "paused"
    all the same.
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
        super().__init__(f"{kind} (status {status}, code {code!r})")
        self.kind = kind
        self.sent = sent
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.paused = paused

    @property
    def sentence(self) -> str:
        return FAILURES[self.kind]
