"""What waits to be written is bounded, in order, and never loses a session's newest state."""

from threading import Event, Thread

from pingadmin.collector.steps.inbox import TOO_MANY, Inbox, Mark
from tests.collector.streams import after, event


def test_what_came_is_taken_in_order_and_once():
    inbox = Inbox(100)
    inbox.hear([event(1), event(2)])
    inbox.hear([event(3)])
    assert [each.sequence for each in inbox.take(2, 0).events] == [1, 2]
    assert [each.sequence for each in inbox.take(2, 0).events] == [3]
    assert not inbox.take(2, 0)


def test_the_writer_waits_for_more_but_not_when_there_is_enough():
    inbox = Inbox(100)
    taken = []
    writer = Thread(target=lambda: taken.append(inbox.take(2, 3600)))
    writer.start()
    inbox.hear([event(1)])
    inbox.hear([event(2)])
    writer.join(20)
    assert len(taken[0].events) == 2


def test_a_writer_that_is_told_to_stop_does_not_wait():
    inbox, stop = Inbox(100), Event()
    stop.set()
    assert not inbox.take(2, 3600, stop)


def test_too_many_events_leave_the_newest_of_each_session_and_are_counted_and_said():
    inbox = Inbox(10)
    inbox.hear([event(number, session=f"ses_{number % 3}", at=number) for number in range(11)])
    batch = inbox.take(100, 0)
    assert [each.sequence for each in batch.events] == [8, 9, 10]
    assert inbox.dropped == 8
    assert batch.marks == [Mark(after(0), TOO_MANY), Mark(after(10))]


def test_more_sessions_than_it_may_hold_lose_nothing():
    inbox = Inbox(10)
    for number in range(100):
        inbox.hear([event(number, session=f"ses_{number}")])
    assert len(inbox.take(1000, 0).events) == 100
    assert inbox.dropped == 0


def test_what_could_not_be_written_comes_first_again():
    inbox = Inbox(100)
    inbox.hear([event(1), event(2)])
    inbox.mark(after(2))
    batch = inbox.take(100, 0)
    inbox.hear([event(3)])
    inbox.mark(after(3), "it broke off")
    inbox.put_back(batch)
    again = inbox.take(100, 0)
    assert [each.sequence for each in again.events] == [1, 2, 3]
    assert again.marks == [Mark(after(2)), Mark(after(3), "it broke off")]


def test_numbers_that_begin_anew_part_the_batches():
    inbox = Inbox(100)
    inbox.hear([event(8)])
    inbox.numbers_anew()
    inbox.hear([event(1)])
    first, second = inbox.take(100, 0), inbox.take(100, 0)
    assert (first.numbers_anew, [each.sequence for each in first.events]) == (False, [8])
    assert (second.numbers_anew, [each.sequence for each in second.events]) == (True, [1])


def test_too_many_may_wait_just_when_numbers_begin_anew():
    inbox = Inbox(3)
    inbox.hear([event(number) for number in (1, 2, 3)])
    batch = inbox.take(100, 0)
    inbox.hear([event(4)])
    inbox.numbers_anew()
    inbox.put_back(batch)
    assert [each.sequence for each in inbox.take(100, 0).events] == [4] and inbox.dropped == 3


def test_marks_that_say_the_same_are_few():
    inbox = Inbox(100)
    for second in range(50):
        inbox.mark(after(second))
    assert inbox.take(1, 0).marks == [Mark(after(0)), Mark(after(49))]
