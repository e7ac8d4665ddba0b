"""What people read for the columns' words. A word that is not here is never dressed as a success."""

UNRECOGNISED = ("Unrecognised", "unknown")

# What "already" says of an act that is not a resume.
_ALREADY = {"pause": ("Was paused already", "idle")}

# result, and whether the effect was seen -> word, meaning (the colour's name)
_RESULTS = {
    ("ok", True): ("Confirmed", "ok"),
    ("ok", False): ("Accepted", "ok"),
    ("already", False): ("Was not paused", "idle"),
    ("rejected", False): ("Refused", "failed"),
    ("not_sent", False): ("Not sent", "idle"),
    ("unknown", False): ("Unknown", "unknown"),
}

_WITHOUT_RESULT = {"intent": ("No outcome yet", "unknown"), "event": ("Recorded", "idle")}

_MOMENTS = {
    "intent": ("Intent written", "accent"),
    "outcome": ("Outcome", "unknown"),
    "evidence": ("Looked again", "accent"),
    "closure": ("Closed by a person", "idle"),
    "event": ("Recorded", "idle"),
}

# Names in stored details and in what was shown that do not read as words by themselves.
_FACTS = {
    "elapsed_ms": "Answered after (ms)",
    "word": "How it failed",
    "error": "Could not be seen",
    "recorded": "Written down",
    "limit": "Limit reached",
    "state_doubted": "Doubt about the state",
    "age_seconds": "Age in seconds",
    "paused_grade": "How that is known",
    "paused_said_at": "Paused was said",
    "seen_at": "Seen",
    "shown_at": "Shown",
    "retry_of": "Retries what was not sent by",
}

_MARKS = {"mark_reviewed": ("Reviewed", "ok"), "mark_flagged": ("Flagged", "failed")}


def of_result(action: str, result: str, verified: bool | None) -> tuple[str, str]:
    """Word and meaning of an act's result; `verified` counts for ok alone."""
    if result == "already" and action in _ALREADY:
        return _ALREADY[action]
    return _RESULTS.get((result, result == "ok" and verified is True), UNRECOGNISED)


def of_missing_result(phase: str) -> tuple[str, str]:
    """Word and meaning of a story in which no event has a result, by the phase of its head."""
    return _WITHOUT_RESULT.get(phase, UNRECOGNISED)


def of_moment(event) -> tuple[str, str]:
    """Heading and meaning of one event in its story's timeline."""
    if event.phase == "mark":
        return _MARKS.get(event.action, UNRECOGNISED)
    heading, meaning = _MOMENTS.get(event.phase, UNRECOGNISED)
    if event.result:
        word, meaning = of_result(event.action, event.result, event.verified)
        heading = f"{heading}: {word.lower()}"
    return heading, meaning


def of_action(action: str) -> str:
    """`close_unknown` as `Close unknown`: the log knows no feature, so it has no nicer words."""
    return action.replace("_", " ").capitalize()


def of_fact(name: str) -> str:
    """The name of a stored detail as people read it."""
    return _FACTS.get(name) or of_action(name)
