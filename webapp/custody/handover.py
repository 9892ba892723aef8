"""What receivers said to the hand-overs of a cage: taken, refused, or not answered yet. Pure (ADR 11).

An answer is bound to its offer by id and by the hash of the very words that the giver signed, never by its time: two
phones without a network have two clocks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from webapp.custody.entries import DIGEST, Event, in_order
from webapp.custody.rules import Found, not_permitted
from webapp.custody.steps import ANSWERS, Discrepancy, Step


@dataclass(frozen=True, slots=True)
class Answered:
    """`taken` and `refused`: hand-over → the answer that counts. A refused cage has stayed with its giver."""

    taken: Mapping[str, Event] = field(default_factory=dict)
    refused: Mapping[str, Event] = field(default_factory=dict)
    findings: tuple[Found, ...] = ()

    def receiver(self, offer: Event) -> str:
        """Who has the cage after this hand-over: who took it, or who is said to take it."""
        taken = self.taken.get(offer.id)
        return taken.actor if taken else receiver_named(offer)


def receiver_named(offer: Event) -> str:
    """To whom the giver says to give."""
    return str(offer.body.get("to", ""))


def answers_to(own: Sequence[Event], active: Sequence[Event], parties: frozenset[str]) -> Answered:
    """Match the answers of a cage with its hand-overs.

    `own` are all scans of the cage, `active` those that nobody has undone. The order of arrival does not matter.
    """
    ours = {event.id: event for event in own if event.step is Step.HANDED_OVER}
    open_ones = {event.id for event in active if event.id in ours}
    by_offer: dict[str, list[Event]] = {}
    for answer in in_order(event for event in active if event.step in ANSWERS):
        by_offer.setdefault(str(answer.body.get("offer", "")), []).append(answer)
    findings = [
        found for answers in by_offer.values() for a in answers for found in not_permitted(a, parties)
    ]
    counts: dict[str, Event] = {}
    for offer_id, answers in by_offer.items():
        offer = ours.get(offer_id)
        if offer is None:
            findings += [Found(Discrepancy.OFFER_AWAITED, a.id, (a.id,), {"by": a.actor}) for a in answers]
            continue
        fitting = [answer for answer in answers if _fits(offer, answer)]
        findings += _misfits(offer, (answer for answer in answers if not _fits(offer, answer)))
        if offer_id not in open_ones:
            findings += _withdrawn(offer, fitting)
        elif fitting:
            counts[offer_id] = fitting[0]
            findings += _about(offer, fitting)
    taken = {key: answer for key, answer in counts.items() if answer.step is Step.ACCEPTED}
    refused = {key: answer for key, answer in counts.items() if answer.step is Step.DECLINED}
    findings += _standing([ours[key] for key in open_ones], taken, refused)
    return Answered(taken, refused, tuple(findings))


def _fits(offer: Event, answer: Event) -> bool:
    """Whether the receiver signed the words that we hold."""
    return bool(answer.body.get("offer_hash") == offer.body.get(DIGEST))


def _misfits(offer: Event, answers: Iterable[Event]) -> Iterator[Found]:
    for answer in answers:
        params = {"by": answer.actor, "step": str(answer.step)}
        yield Found(Discrepancy.ANSWER_MISMATCH, answer.id, (answer.id, offer.id), params)


def _withdrawn(offer: Event, answers: Iterable[Event]) -> Iterator[Found]:
    """The giver took the offer back, and somebody has taken the cage all the same."""
    for answer in answers:
        if answer.step is Step.ACCEPTED:
            params = {"giver": offer.actor, "by": answer.actor}
            yield Found(Discrepancy.OFFER_WITHDRAWN, answer.id, (answer.id, offer.id), params)


def _about(offer: Event, answers: Sequence[Event]) -> Iterator[Found]:
    """The first answer counts; who gave it, and that there is more than one."""
    first, *others = answers
    if first.actor == offer.actor:
        yield Found(Discrepancy.SAME_PERSON, first.id, (first.id,), {"step": first.step})
    elif first.actor != receiver_named(offer):
        params = {"to": receiver_named(offer), "by": first.actor}
        yield Found(Discrepancy.ANSWER_BY_OTHER, first.id, (first.id, offer.id), params)
    for other in others:
        params = {"step": str(other.step), "times": str(len(answers))}
        yield Found(Discrepancy.DOUBLE_SCAN, f"{other.step}|{other.id}", (other.id,), params)


def _standing(
    offers: Sequence[Event], taken: Mapping[str, Event], refused: Mapping[str, Event]
) -> Iterator[Found]:
    """Offers without an answer, and refusals as long as nobody else has taken the cage over afterwards."""
    last_taken = max((offer.at for offer in offers if offer.id in taken), default=None)
    for offer in in_order(offers):
        params = {"giver": offer.actor, "to": receiver_named(offer)}
        answer = refused.get(offer.id)
        if answer is not None and (last_taken is None or last_taken < offer.at):
            params |= {"by": answer.actor, "reason": str(answer.body.get("reason") or "other")}
            yield Found(Discrepancy.HANDOVER_DECLINED, offer.id, (answer.id, offer.id), params)
        if answer is None and offer.id not in taken:
            yield Found(Discrepancy.HANDOVER_UNANSWERED, offer.id, (offer.id,), params)
