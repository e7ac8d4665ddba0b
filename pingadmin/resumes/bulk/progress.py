"""How far a bulk resume is, and what became of each item, from our own database alone."""

import zlib
from collections import Counter
from dataclasses import dataclass

from pingadmin.resumes.attempt_notice import AttemptNotice, account_label, describe_attempt
from pingadmin.resumes.bulk.lifecycle import is_running
from pingadmin.resumes.models import Attempt, BulkItem, BulkResume
from pingadmin.resumes.outcome_sentences import PROCESS_LOST_SENTENCE, describe_not_sent
from pingadmin.resumes.results import NO_OUTCOME_YET, NOT_SENT, Result, ResultLabel

WORKER_LOST = "the process that worked on it is gone"
WAITING = ResultLabel("Waiting", "idle")
ASKING = ResultLabel("Asking", "accent")


@dataclass(frozen=True)
class ItemProgress:
    """One item.

    account: the label of its account. attempt: None where none was made. notice: its attempt in
    words, once closed. skip_reason: half a sentence where nothing was tried. is_done: nothing more
    happens to it in this bulk resume. may_retry: nothing left us for it.
    """

    item: BulkItem
    account: str
    label: ResultLabel
    attempt: Attempt | None = None
    notice: AttemptNotice | None = None
    skip_reason: str = ""
    is_done: bool = True
    may_retry: bool = False

    @property
    def sentence(self) -> str:
        """What became of it; "" while it waits or is under way."""
        if self.notice:
            return self.notice.sentence
        if not self.is_done:
            return ""
        return PROCESS_LOST_SENTENCE if self.attempt else describe_not_sent(self.skip_reason)


@dataclass(frozen=True)
class BulkProgress:
    """A bulk resume as its page shows it.

    poll_seconds: None when nothing will change. version: changes with everything that the page
    shows of it.
    """

    bulk: BulkResume
    items: list[ItemProgress]
    is_running: bool
    end_reason: str
    poll_seconds: int | None
    version: str

    @property
    def done_count(self) -> int:
        return sum(each.is_done for each in self.items)

    @property
    def counts(self) -> list[tuple[ResultLabel, int]]:
        """Each label and how many items have it, most frequent first."""
        return Counter(each.label for each in self.items).most_common()

    @property
    def unsent(self) -> list[BulkItem]:
        """The items that may be tried again; none while it runs."""
        return [] if self.is_running else [each.item for each in self.items if each.may_retry]


def load_progress(bulk: BulkResume) -> BulkProgress:
    """Makes two queries, however many items there are."""
    running = is_running(bulk)
    items = list(bulk.items.all())
    attempts = {
        attempt.token: attempt
        for attempt in Attempt.objects.filter(
            token__in=[item.token for item in items]
        ).select_related("session")
    }
    end_reason = bulk.end_reason if bulk.ended_at or running else WORKER_LOST
    progress = [
        _item_progress(item, attempts.get(item.token), running, end_reason) for item in items
    ]
    has_open = any(attempt.is_open for attempt in attempts.values())
    return BulkProgress(
        bulk=bulk,
        items=progress,
        is_running=running,
        end_reason=end_reason,
        poll_seconds=_poll_seconds(running, has_open),
        version=_version((running, bulk.stop_requested_at, end_reason), progress),
    )


def _poll_seconds(running: bool, has_open: bool) -> int | None:
    if running:
        return 2
    # An attempt whose process is gone changes once more, when reconcile closes it.
    return 10 if has_open else None


def _version(state: tuple[object, ...], items: list[ItemProgress]) -> str:
    shown = [
        (
            each.label.text,
            each.skip_reason,
            each.attempt and (each.attempt.resolved_at, each.attempt.message),
        )
        for each in items
    ]
    return f"{zlib.crc32(repr((state, shown)).encode()):08x}"


def _item_progress(
    item: BulkItem, attempt: Attempt | None, running: bool, end_reason: str
) -> ItemProgress:
    account = account_label(item.alias)
    if attempt is None:
        if running and not item.skip_reason:
            return ItemProgress(item, account, WAITING, is_done=False)
        skip_reason = item.skip_reason or end_reason
        return ItemProgress(item, account, NOT_SENT, skip_reason=skip_reason, may_retry=True)
    if attempt.is_open:
        label = ASKING if running else NO_OUTCOME_YET
        return ItemProgress(item, account, label, attempt, is_done=not running)
    notice = describe_attempt(attempt)
    return ItemProgress(
        item,
        account,
        notice.label,
        attempt,
        notice,
        may_retry=attempt.result == Result.NOT_SENT,
    )
