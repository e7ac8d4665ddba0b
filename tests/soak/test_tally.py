"""What a soak must not overlook: each thing that must not be, put into the counts on purpose."""

import collections

import pytest

from tests.soak.tally import Tally


def counted(**changes) -> Tally:
    """Two attempts, one that was accepted and one that was not sent, as they should be."""
    counts = {
        "writes": collections.Counter({"ses_1": 1}),
        "phases": {"a": ["intent", "outcome"], "b": ["intent", "outcome"]},
        "sessions": {"a": "ses_1", "b": "ses_2"},
        "results": {"a": "ok", "b": "not_sent"},
        "memory": {"collector": [100, 101, 100, 102, 101, 100]},
    }
    return Tally(**counts | changes)


def test_counts_as_they_should_be_have_no_finding():
    assert counted().findings() == []


@pytest.mark.parametrize(
    "changes, finding",
    [
        ({"writes": collections.Counter({"ses_1": 2})}, "ses_1 was written to 2 times"),
        ({"writes": collections.Counter()}, "ses_1 was written to 0 times"),
        (
            {"writes": collections.Counter({"ses_1": 1, "ses_2": 1})},
            "its attempts allow 0 to 0",
        ),
        (
            {"writes": collections.Counter({"ses_1": 1, "ses_3": 1})},
            "ses_3 was written to 1 times",
        ),
        ({"phases": {"a": ["intent"]}}, "Attempt a has 1 intents, 0 outcomes"),
        ({"phases": {"a": ["intent", "outcome", "outcome"]}}, "1 intents, 2 outcomes"),
        ({"phases": {"a": ["outcome"]}}, "0 intents, 1 outcomes"),
        ({"is_whole": False, "verified": "Event #3 was edited."}, "Event #3 was edited."),
        ({"server_errors": ["500: GET /sessions/"]}, "500: GET /sessions/"),
        ({"waiting_outcomes": 1}, "1 outcomes still wait"),
        ({"memory": {"collector": [100] * 4 + [140] * 2}}, "Memory of the collector grew"),
    ],
)
def test_what_must_not_be_is_found(changes, finding):
    findings = counted(**changes).findings()
    assert len(findings) == 1 and finding in findings[0]
