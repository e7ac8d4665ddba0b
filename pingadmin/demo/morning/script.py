"""What happens in the demo's morning, from six hours ago until now.

Ana and Ben are in support, Chloé reviews, Dev runs the panel. The numbers are minutes before now.
"""

from pingadmin.audit.integrity import checkpoints, verification_runs
from pingadmin.demo import cast
from pingadmin.demo.morning.customers import (
    CLAIMS_ID,
    QUESTION_ID,
    RESTLESS_AGI_ID,
    RESTLESS_PING,
    ping_id,
)
from pingadmin.demo.morning.stage import Stage
from pingadmin.oversight.board import saved_views
from pingadmin.oversight.team import assignment
from pingadmin.resumes.attempts import resolve_unknown
from pingadmin.resumes.models import Attempt

ANA, BEN, CHLOE, DEV = "Ana", "Ben", "Chloé", "Dev"
PEOPLE = {ANA: "support", BEN: "support", CHLOE: "auditor", DEV: "admin"}
STARK = [ping_id(f"stark-field-{number}") for number in (1, 2, 3, 4)]
# Nobody acts on these two by themselves: a visitor finds them as they are.
HANDED_OVER, UNKNOWN = ping_id("stark-field-5"), ping_id("globex-retail-207")
# Resumed by the panel itself, half an hour after the visitor came.
LATER = ping_id("acme-frankfurt-022")
FAILING = ping_id("aperture-test-7")
# One session that Ping fails to describe, from the late morning on.
FAULTS = [{"fault": "status", "match": f"GET */{FAILING}/status", "status": 500, "times": 0}]
# What an agent did last, and asks since.
ASKED = [
    ("USER", "Handle the open refunds of this week."),
    ("THOUGHT", "Order 4411 was returned complete, two days after the deadline."),
    ("LOG", "Opened order 4411"),
    ("QUESTION", "May I refund order 4411 in full? It is 249 EUR."),
]
NO_ANSWER = [{"fault": "reset", "match": "P* */resume", "after": True}]


def perform(stage: Stage) -> None:
    _watch_begins(stage)
    accepted, confirmed = _first_calls(stage)
    _stream_breaks_off(stage)
    _initech_has_trouble(stage)
    _no_answer_then_resolved(stage)
    _stark_comes_back(stage)
    untracked = _late_morning(stage)
    _review(stage, [accepted, confirmed], untracked)
    _before_now(stage)


def _watch_begins(stage: Stage) -> None:
    stage.at(355)
    stage.watch(
        ANA,
        "ping",
        ping_id("acme-frankfurt-014"),
        ping_id("globex-retail-221"),
        ping_id("tyrell-hq-1"),
    )
    stage.watch(ANA, "ping", ping_id("initech-van-7"), *map(ping_id, RESTLESS_PING))
    stage.at(351)
    stage.watch(BEN, "ping", ping_id("wayne-tower-2"), ping_id("hooli-kiosk-93"))
    stage.watch(BEN, "agi", RESTLESS_AGI_ID)


def _first_calls(stage: Stage) -> tuple[Attempt, Attempt]:
    acme, once = ping_id("acme-frankfurt-031"), ping_id("oscorp-once-9")
    stage.at(344)
    stage.pause(acme)
    stage.at(338)
    stage.look(ANA, "ping", acme)
    accepted = stage.resume(ANA, "ping", acme, "Invoice paid, they sent the receipt", "INC-6101")
    stage.at(322)
    with stage.world.now() as now:
        stage.world.agi[CLAIMS_ID].become("paused", now)
    stage.at(316)
    stage.look(BEN, "agi", CLAIMS_ID)
    confirmed = stage.resume(BEN, "agi", CLAIMS_ID, "Rate limit passed", "INC-6104")
    stage.at(309)
    wayne = ping_id("wayne-tower-2")
    stage.look(BEN, "ping", wayne)
    stage.resume(BEN, "ping", wayne, "They say the tunnel is frozen", "INC-6108")
    stage.write_note(BEN, "ping", wayne, "It was never paused. Their router had lost its route.")
    stage.at(301)
    stage.look(ANA, "ping", once)
    stage.resume(ANA, "ping", once, "Customer approved", "INC-6111")
    stage.write_note(
        ANA, "ping", once, "A one-time session can't be resumed. They will order a new one."
    )
    return accepted, confirmed


def _stream_breaks_off(stage: Stage) -> None:
    stage.at(291)
    stage.stop_watching("the event stream broke off")
    checkpoints.make_if_due()
    stage.at(282)
    stage.resume_watching()


def _initech_has_trouble(stage: Stage) -> None:
    """Three vans of one customer, paused again and again."""
    vans = [ping_id(each) for each in ("initech-van-7", *RESTLESS_PING)]
    calls = [
        (272, ANA, vans[0], "Data plan extended"),
        (233, BEN, vans[1], "Data plan extended"),
        (208, ANA, vans[0], "Data plan extended again"),
        (188, BEN, vans[2], "Driver called, plan extended"),
    ]
    for minutes, name, session_id, reason in calls:
        stage.at(minutes + 6)
        stage.pause(session_id)
        stage.at(minutes)
        stage.look(name, "ping", session_id)
        stage.resume(name, "ping", session_id, reason, "INC-6115")
    stage.at(186)
    stage.write_note(
        ANA, "ping", vans[0], "Fourth time today at Initech. Their plans are too small; told sales."
    )
    saved_views.save_view(name="Initech", query="words=initech", by=stage.actor(ANA))


def _no_answer_then_resolved(stage: Stage) -> None:
    hooli = ping_id("hooli-kiosk-91")
    stage.at(184)
    stage.pause(hooli)
    stage.at(179)
    stage.look(BEN, "ping", hooli)
    stage.simulator.faults.add(NO_ANSWER)
    attempt = stage.resume(BEN, "ping", hooli, "Kiosk is open again", "INC-6122")
    stage.at(176)
    stage.look(BEN, "ping", hooli)
    stage.at(172)
    resolve_unknown(
        attempt, note="The customer sees traffic on the kiosk again.", by=stage.actor(BEN)
    )


def _stark_comes_back(stage: Stage) -> None:
    stage.at(170)
    for session_id in STARK:
        stage.pause(session_id)
    stage.at(163)
    stage.resume_all(BEN, STARK, "Carrier outage is over", "INC-6130")


def _late_morning(stage: Stage) -> Attempt:
    soylent, cyberdyne = ping_id("soylent-depot-4"), ping_id("cyberdyne-lab-1")
    stage.at(148)
    stage.pause(soylent)
    stage.at(143)
    stage.look(BEN, "ping", soylent)
    untracked = stage.resume(BEN, "ping", soylent, "Asked on the phone")
    stage.at(131)
    stage.look(ANA, "ping", cyberdyne)
    # The panel was too busy to send it in time, and said so; she clicked once more.
    stage.resume(ANA, "ping", cyberdyne, "False alarm", "INC-6137", waited_seconds=60)
    stage.resume(ANA, "ping", cyberdyne, "False alarm", "INC-6137")
    stage.at(118)
    with stage.world.now() as now:
        for session_id in (ping_id("wayne-tower-1"), FAILING):
            session = stage.world.ping[session_id]
            stage.world.publish(session, session.end(now))
    return untracked


def _review(stage: Stage, good: list[Attempt], untracked: Attempt) -> None:
    stage.at(112)
    checkpoints.make_if_due()
    verification_runs.start_or_continue(by=stage.actor(CHLOE))
    for attempt in good:
        stage.mark(CHLOE, attempt, "reviewed")
    stage.mark(CHLOE, untracked, "flagged", "No ticket, and nobody wrote down who called.")


def _before_now(stage: Stage) -> None:
    stage.at(74)
    with stage.world.now() as now:
        stage.world.agi[cast.AGI_PAUSED].become("paused", now)
        for kind, content in ASKED:
            stage.world.agi[QUESTION_ID].add_message(now, type=kind, content=content)
    stage.at(66)
    stage.look(ANA, "agi", QUESTION_ID)
    stage.read_conversation(ANA, QUESTION_ID)
    assignment.assign(
        session=stage.session("agi", QUESTION_ID), to=stage.people[ANA], by=stage.actor(ANA)
    )
    stage.write_note(
        ANA,
        "agi",
        QUESTION_ID,
        "Its question is for the shop's owner. She is in a meeting until ten.",
    )
    _hand_over(stage)
    stage.at(22)
    stage.pause(LATER)
    stage.pause(UNKNOWN)
    stage.at(20)
    stage.look(ANA, "ping", LATER)
    stage.resume_later(ANA, "ping", LATER, 50, "Their data plan renews at noon", "INC-6158")
    stage.at(13)
    stage.look(ANA, "ping", UNKNOWN)
    stage.simulator.faults.add(NO_ANSWER)
    stage.resume(ANA, "ping", UNKNOWN, "Shop opens at nine, card is charged", "INC-6160")
    stage.simulator.faults.add(FAULTS)
    stage.look(BEN, "ping", FAILING)
    stage.at(9)
    with stage.world.now() as now:
        stage.world.agi[RESTLESS_AGI_ID].become("paused", now)
    stage.at(0)
    checkpoints.make_if_due()


def _hand_over(stage: Stage) -> None:
    stage.at(58)
    stage.pause(HANDED_OVER)
    stage.at(47)
    stage.look(BEN, "ping", HANDED_OVER)
    stage.write_note(
        BEN, "ping", HANDED_OVER, "Ms. Okafor changes the card today; she calls back after lunch."
    )
    assignment.hand_over(
        session=stage.session("ping", HANDED_OVER),
        to=stage.people["support"],
        summary="Resume it when she confirms the new card. Ticket INC-6151.",
        by=stage.actor(BEN),
    )
