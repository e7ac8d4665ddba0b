"""What waits to be written is bounded, in order, and never loses a session's newest state."""

from threading import Event, Thread

from pingadmin.collector.steps.inbox import TOO_MANY, CoverageMark, Inbox
from tests.support.stream_events import after, event


def test_what_came_is_taken_in_order_and_once():
    inbox = Inbox(100)
    inbox.put_events([event(1), event(2)])
    inbox.put_events([event(3)])
    assert [each.sequence for each in inbox.take(2, 0).events] == [1, 2]
    assert [each.sequence for each in inbox.take(2, 0).events] == [3]
    assert not inbox.take(2, 0)


def test_the_writer_waits_for_more_but_not_when_there_is_enough():
    inbox = Inbox(100)
    taken = []
    writer = Thread(target=lambda: taken.append(inbox.take(2, 3600)))
    writer.start()
    inbox.put_events([event(1)])
    inbox.put_events([event(2)])
    writer.join(20)
    assert len(taken[0].events) == 2


def test_a_writer_that_is_told_to_stop_does_not_wait():
    inbox, stop = Inbox(100), Event()
    stop.set()
    assert not inbox.take(2, 3600, stop)


def test_too_many_events_leave_the_newest_of_each_session_and_are_counted_and_said():
    inbox = Inbox(10)
    inbox.put_events(
        [event(number, session=f"ses_{number % 3}", at=number) for number in range(11)]
    )
    batch = inbox.take(100, 0)
    assert [each.sequence for each in batch.events] == [8, 9, 10]
    assert inbox.dropped == 8
    assert batch.marks == [CoverageMark(after(0), TOO_MANY), CoverageMark(after(10))]


def test_more_sessions_than_it_may_hold_lose_nothing():
    inbox = Inbox(10)
    for number in range(100):
        inbox.put_events([event(number, session=f"ses_{number}")])
    assert len(inbox.take(1000, 0).events) == 100
    assert inbox.dropped == 0


def test_what_could_not_be_written_comes_first_again():
    inbox = Inbox(100)
    inbox.put_events([event(1), event(2)])
    inbox.mark_coverage(after(2))
    batch = inbox.take(100, 0)
    inbox.put_events([event(3)])
    inbox.mark_coverage(after(3), "it broke off")
    inbox.put_back(batch)
    again = inbox.take(100, 0)
    assert [each.sequence for each in again.events] == [1, 2, 3]
    assert again.marks == [CoverageMark(after(2)), CoverageMark(after(3), "it broke off")]


def test_numbers_that_start_again_part_the_batches():
    inbox = Inbox(100)
    inbox.put_events([event(8)])
    inbox.restart_numbering()
    inbox.put_events([event(1)])
    first, second = inbox.take(100, 0), inbox.take(100, 0)
    assert (first.restarts_numbering, [each.sequence for each in first.events]) == (False, [8])
    assert (second.restarts_numbering, [each.sequence for each in second.events]) == (True, [1])


def test_too_many_may_wait_just_when_numbers_start_again():
    inbox = Inbox(3)
    inbox.put_events([event(number) for number in (1, 2, 3)])
    batch = inbox.take(100, 0)
    inbox.put_events([event(4)])
    inbox.restart_numbering()
    inbox.put_back(batch)
    assert [each.sequence for each in inbox.take(100, 0).events] == [4] and inbox.dropped == 3


def test_marks_that_say_the_same_are_few():
    inbox = Inbox(100)
    for second in range(50):
        inbox.mark_coverage(after(second))
    assert inbox.take(1, 0).marks == [CoverageMark(after(0)), CoverageMark(after(49))]
