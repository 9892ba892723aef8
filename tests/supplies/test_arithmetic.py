"""The table of transitions, one by one, through the door: R, P, Q, T, G, open of a need; A, H, Q, T, D, W, avail of an
offer.
"""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories.supplies import Relief, a_relief, numbers, offered, refused, stock
from webapp.kernel.base.clock import DAY
from webapp.supplies import entries as kinds


@pytest.fixture
def relief(app: Flask) -> Iterator[Relief]:
    with app.app_context():
        yield a_relief()


def pledged(relief: Relief, quantity: int, needed: int = 100, who: str = "citizen") -> tuple[str, str, str]:
    """A need of `needed`, an offer for it; ids of need, offer and shipment."""
    need = relief.need(needed)
    answer = relief.offer(who, quantity, need=need)
    assert answer.refusal is None, answer.refusal
    return need, answer.id, relief.match_of(answer.id).id


def on_its_way(relief: Relief, quantity: int = 40, needed: int = 100) -> tuple[str, str, str, str]:
    need, offer, match = pledged(relief, quantity, needed)
    assert relief.request(quantity, offer=offer, match=match).refusal is None
    assert relief.ship("citizen", match, quantity).refusal is None
    return need, offer, match, relief.parcels_of(match)[0].code


def test_a_need_is_open_in_full(relief: Relief) -> None:
    assert numbers(relief.need(100)) == (100, 0, 0, 0, 0, 100)


def test_a_pledge_holds_what_it_can_and_leaves_the_rest_available(relief: Relief) -> None:
    need, offer, _ = pledged(relief, 130)

    assert numbers(need) == (100, 100, 0, 0, 0, 0)
    assert offered(offer) == (130, 100, 0, 0, 0, 0, 30)


def test_what_is_covered_cannot_be_pledged_again(relief: Relief) -> None:
    need, _, _ = pledged(relief, 100)

    answer = relief.offer("citizen2", 10, need=need)

    assert refused(answer) == "supplies.need_met"


def test_a_request_for_less_than_was_pledged_opens_the_rest_again(relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)

    assert relief.request(40, offer=offer, match=match).refusal is None

    assert numbers(need) == (100, 0, 40, 0, 0, 60)
    assert offered(offer) == (60, 0, 40, 0, 0, 0, 20)


def test_a_request_beyond_the_pledge_takes_from_what_is_available_and_no_more(relief: Relief) -> None:
    need, offer, match = pledged(relief, 130)

    too_many = relief.request(131, offer=offer, match=match)
    more = relief.request(120, offer=offer, match=match)
    raised = relief.request(120, offer=offer, match=match, raised=True)

    assert refused(too_many) == "supplies.not_so_many"
    assert refused(more) == "supplies.more_than_needed"
    assert raised.refusal is None
    assert numbers(need) == (120, 0, 120, 0, 0, 0)
    assert offered(offer) == (130, 0, 120, 0, 0, 0, 10)


def test_a_free_offer_is_asked_for_and_a_need_is_made_where_there_was_none(relief: Relief) -> None:
    offer = relief.offer("remote", 50).id

    answer = relief.request(20, offer=offer, shelter=1)

    need = relief.match_of(offer).need
    assert answer.refusal is None
    assert numbers(need) == (20, 0, 20, 0, 0, 0)
    assert offered(offer) == (50, 0, 20, 0, 0, 0, 30)


def test_of_two_who_ask_for_the_last_box_the_second_is_told_what_is_left(relief: Relief) -> None:
    offer = relief.offer("remote", 20).id
    assert relief.request(15, offer=offer).refusal is None

    second = relief.request(15, offer=offer, shelter=1)

    assert refused(second) == "supplies.not_so_many"
    assert second.refusal.params == {"most": "5"}


def test_a_declined_pledge_frees_both_sides(relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)

    assert relief.say("worker", kinds.DECLINED, {"match": match}).refusal is None

    assert numbers(need) == (100, 0, 0, 0, 0, 100)
    assert offered(offer) == (60, 0, 0, 0, 0, 0, 60)


def test_less_before_shipping_makes_new_labels_and_voids_the_old(relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)
    relief.request(60, offer=offer, match=match)
    old = relief.parcels_of(match)[0].code

    answer = relief.say("citizen", kinds.QUANTITY_CHANGED, {"match": match, "quantity": 50})

    assert answer.refusal is None
    (parcel,) = relief.parcels_of(match)
    assert parcel.code != old
    assert parcel.listed == 50
    assert numbers(need) == (100, 0, 50, 0, 0, 50)
    assert offered(offer) == (60, 0, 50, 0, 0, 0, 10)


def test_a_sender_who_cancels_may_say_that_the_goods_are_gone(relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)
    relief.request(60, offer=offer, match=match)

    assert (
        relief.say("citizen", kinds.CANCELLED, {"match": match, "by": "sender", "withdraw": True}).refusal
        is None
    )

    assert numbers(need) == (100, 0, 0, 0, 0, 100)
    assert offered(offer) == (60, 0, 0, 0, 0, 60, 0)
    assert relief.parcels_of(match) == []


def test_shipping_moves_the_number_and_does_not_subtract_it_again(relief: Relief) -> None:
    need, offer, match = pledged(relief, 60)
    relief.request(60, offer=offer, match=match)

    assert relief.ship("citizen", match, 55).refusal is None

    assert numbers(need) == (100, 0, 0, 55, 0, 45)
    assert offered(offer) == (60, 0, 0, 55, 0, 0, 5)


def test_shipping_twice_or_after_cancelling_says_what_is_so(relief: Relief) -> None:
    _, _, shipped, _ = on_its_way(relief)
    _, offer, cancelled = pledged(relief, 10)
    relief.request(10, offer=offer, match=cancelled)
    relief.say("citizen", kinds.CANCELLED, {"match": cancelled, "by": "sender"})

    twice, after = relief.ship("citizen", shipped, 40), relief.ship("citizen", cancelled, 10)

    assert refused(twice) == "supplies.is_shipped"
    assert refused(after) == "supplies.is_cancelled"


def test_a_scan_is_an_arrival_without_a_quantity(relief: Relief) -> None:
    need, offer, _, code = on_its_way(relief)

    answer = relief.scan("worker", "arrived", code, relief.shelters[0])

    assert answer.refusal is None
    assert answer.verdict.verdict == "ok"
    assert relief.match_of(offer).state == "arrived"
    assert numbers(need) == (100, 0, 0, 40, 0, 60)


def test_all_as_listed_settles_a_parcel_in_one_tap(relief: Relief) -> None:
    need, offer, _, code = on_its_way(relief)

    relief.scan("worker", "counted", code, relief.shelters[0], {"as_listed": True})

    assert relief.match_of(offer).state == "received"
    assert numbers(need) == (100, 0, 0, 0, 40, 60)
    assert offered(offer) == (40, 0, 0, 0, 40, 0, 0)


def test_what_came_damaged_expired_or_not_at_all_is_open_again(relief: Relief) -> None:
    need, offer, _, code = on_its_way(relief)

    answer = relief.scan(
        "worker", "counted", code, relief.shelters[0], {"good": 30, "damaged": 4, "expired": 3}
    )

    assert numbers(need) == (100, 0, 0, 0, 30, 70)
    assert offered(offer) == (40, 0, 0, 0, 40, 0, 0)
    assert {code for code, *_ in answer.verdict.findings} == {"PARCEL_SHORT", "PARCEL_EXPIRED"}


def test_more_than_listed_fills_the_need_and_the_rest_is_stock(relief: Relief) -> None:
    need, offer, _, code = on_its_way(relief, 40, needed=50)

    relief.scan("worker", "counted", code, relief.shelters[0], {"good": 60})

    assert numbers(need) == (50, 0, 0, 0, 50, 0)
    assert offered(offer) == (40, 0, 0, 0, 40, 0, 0)
    assert stock(relief) == 10


def test_a_second_scan_changes_nothing(relief: Relief) -> None:
    need, _, _, code = on_its_way(relief)
    for _ in range(2):
        relief.scan("worker", "counted", code, relief.shelters[0], {"as_listed": True})

    assert numbers(need) == (100, 0, 0, 0, 40, 60)


def test_a_wrong_count_is_taken_back_by_a_correction(relief: Relief) -> None:
    need, _, _, code = on_its_way(relief)
    wrong = relief.scan("worker", "counted", code, relief.shelters[0], {"good": 4}).id

    relief.scan("worker", "void", code, relief.shelters[0], {"target": wrong})

    assert numbers(need) == (100, 0, 0, 40, 0, 60)


def test_a_correction_says_which_label_it_is_about(relief: Relief) -> None:
    _, _, _, code = on_its_way(relief)
    wrong = relief.scan("worker", "counted", code, relief.shelters[0], {"good": 4}).id

    assert (
        refused(relief.scan("worker", "void", "", relief.shelters[0], {"target": wrong}))
        == "supplies.code_needed"
    )


def test_a_box_that_stays_at_another_shelter_fills_that_ones_need(relief: Relief) -> None:
    need, offer, _, code = on_its_way(relief)
    other = relief.need(30, shelter=1)

    answer = relief.scan("worker1", "arrived", code, relief.shelters[1], {"accept": True})
    assert numbers(need)[3] == 0, "it will not come here"
    relief.scan("worker1", "counted", code, relief.shelters[1], {"as_listed": True}, at=1)

    assert {code for code, *_ in answer.verdict.findings} == {"PARCEL_ELSEWHERE"}
    assert numbers(need) == (100, 0, 0, 0, 0, 100)
    assert numbers(other) == (30, 0, 0, 0, 30, 0)
    assert stock(relief, 1) == 10
    assert offered(offer) == (40, 0, 0, 0, 40, 0, 0)


def test_a_box_that_is_forwarded_stays_on_its_way(relief: Relief) -> None:
    need, _, _, code = on_its_way(relief)
    relief.scan("worker1", "arrived", code, relief.shelters[1])
    relief.scan("worker1", "forwarded", code, relief.shelters[1], {"to": relief.shelters[0]}, at=1)

    assert numbers(need) == (100, 0, 0, 40, 0, 60)

    relief.scan("worker", "counted", code, relief.shelters[0], {"as_listed": True}, at=2)
    assert numbers(need) == (100, 0, 0, 0, 40, 60)


def test_a_scan_before_shipping_was_pressed_means_that_it_has_left(relief: Relief) -> None:
    need, offer, match = pledged(relief, 40)
    relief.request(40, offer=offer, match=match)
    code = relief.parcels_of(match)[0].code

    relief.scan("worker", "arrived", code, relief.shelters[0])

    assert numbers(need) == (100, 0, 0, 40, 0, 60)
    late = relief.ship("citizen", match, 40)
    assert refused(late) == "supplies.is_arrived"


def test_goods_without_our_label_fill_the_need(relief: Relief) -> None:
    need = relief.need(100)

    body = {"item": "I05", "variant": "M", "quantity": 120}
    scan = relief.scan("worker", "outside", "", relief.shelters[0], body)

    assert scan.refusal is None
    assert numbers(need) == (100, 0, 0, 0, 100, 0)
    assert stock(relief) == 20
    relief.scan("worker", "void", "", relief.shelters[0], {"target": scan.id})
    assert numbers(need) == (100, 0, 0, 0, 0, 100)


def test_food_that_nobody_declared_never_covers_an_allergy_need(relief: Relief) -> None:
    strict = relief.need(10, item="F04", variant="", excluded=["milk"], audience=["allergy"], persons=2)
    made_for_it = relief.need(10, item="F10", variant="", excluded=["milk"], audience=["allergy"], persons=2)

    for item in ("F04", "F10"):
        relief.scan("worker", "outside", "", relief.shelters[0], {"item": item, "quantity": 10})

    assert numbers(strict)[-1] == 10
    assert stock(relief, item="F04", variant="") == 10
    assert numbers(made_for_it)[-1] == 0


def test_what_a_shelter_has_too_much_of_is_offered_to_the_others(relief: Relief) -> None:
    relief.scan("worker", "outside", "", relief.shelters[0], {"item": "W01", "quantity": 24})
    body = {"disaster": relief.disaster, "shelter": relief.shelters[0], "item": "W01", "quantity": 20}

    answer = relief.say("worker", kinds.SURPLUS_OFFERED, body)
    again = relief.say("worker", kinds.SURPLUS_OFFERED, body)

    assert answer.refusal is None
    assert refused(again) == "supplies.not_so_many"
    assert offered(answer.id) == (20, 0, 0, 0, 0, 0, 20)
    assert stock(relief, item="W01", variant="") == 4


def test_one_button_stops_a_need_and_calls_off_what_has_not_left(relief: Relief) -> None:
    need, first, _ = pledged(relief, 30)
    second = relief.offer("remote", 20, need=need).id
    request = relief.match_of(second).id
    relief.request(20, offer=second, match=request)
    label = relief.parcels_of(request)[0].code

    assert relief.say("worker", kinds.NEED_STOPPED, {"need": need}).refusal is None

    assert numbers(need) == (100, 0, 0, 0, 0, 0)
    assert offered(first)[-1] == 30
    assert offered(second)[-1] == 20
    assert relief.match_of(first).state == relief.match_of(second).state == "cancelled"
    late = relief.scan("worker", "counted", label, relief.shelters[0], {"good": 20})
    assert late.refusal is None, "what happened has happened"
    assert {code for code, *_ in late.verdict.findings} >= {"PARCEL_STOPPED"}
    assert stock(relief) == 20


def test_what_is_lost_is_open_again_and_what_is_found_has_arrived(relief: Relief) -> None:
    need, offer, match, code = on_its_way(relief)
    early = relief.say("officer", kinds.LOST, {"match": match})
    relief.now += 12 * DAY

    assert relief.say("officer", kinds.LOST, {"match": match}).refusal is None

    assert refused(early) == "supplies.too_early"
    assert numbers(need) == (100, 0, 0, 0, 0, 100)
    assert offered(offer) == (40, 0, 0, 0, 0, 40, 0)
    relief.scan("worker", "counted", code, relief.shelters[0], {"as_listed": True})
    assert numbers(need) == (100, 0, 0, 0, 40, 60)
    assert offered(offer) == (40, 0, 0, 0, 40, 0, 0)


def test_three_boxes_are_received_when_all_are_counted_or_closed_short(relief: Relief) -> None:
    need, offer, match = pledged(relief, 90)
    relief.request(90, offer=offer, match=match)
    boxes = [{"quantity": 40}, {"quantity": 40}, {"quantity": 10}]
    assert relief.say("citizen", kinds.PACKED, {"match": match, "parcels": boxes}).refusal is None
    first, second, _ = relief.parcels_of(match)
    relief.ship("citizen", match, 90)
    for parcel in (first, second):
        relief.scan("worker", "counted", parcel.code, relief.shelters[0], {"as_listed": True})

    assert relief.match_of(offer).state == "arrived"
    assert numbers(need) == (100, 0, 0, 10, 80, 10)
    assert relief.say("worker", kinds.CLOSED_SHORT, {"match": match}).refusal is None
    assert relief.match_of(offer).state == "received"
    assert numbers(need) == (100, 0, 0, 0, 80, 20)


def test_an_unverified_sender_holds_nothing_until_the_mail_is_answered(relief: Relief) -> None:
    need = relief.need(100)
    relief.verify("citizen", at=None)

    offer = relief.offer("citizen", 60, need=need).id
    assert numbers(need) == (100, 0, 0, 0, 0, 100)
    early = relief.say("citizen", kinds.SENDER_VERIFIED, {})
    relief.verify("citizen")
    assert relief.say("citizen", kinds.SENDER_VERIFIED, {}).refusal is None

    assert refused(early) == "supplies.mail_unverified"
    assert numbers(need) == (100, 60, 0, 0, 0, 40)
    assert offered(offer) == (60, 60, 0, 0, 0, 0, 0)


def test_food_for_an_allergy_needs_a_declaration(relief: Relief) -> None:
    need = relief.need(10, item="F04", variant="", excluded=["milk", "egg"], audience=["allergy"], persons=2)

    undeclared = relief.offer("remote", 10, need=need, item="F04", variant="")
    milk = relief.offer("remote", 10, need=need, item="F04", variant="", allergens=["milk"])
    fit = relief.offer("remote", 10, need=need, item="F04", variant="", allergens=[])

    assert refused(undeclared) == "supplies.allergens"
    assert refused(milk) == "supplies.allergens"
    assert fit.refusal is None


def test_nobody_acts_for_a_shelter_or_a_sender_that_is_not_theirs(relief: Relief) -> None:
    need, offer, match = pledged(relief, 40)

    stranger = relief.request(40, offer=offer, match=match, who="worker1")
    citizen = relief.say("citizen2", kinds.CANCELLED, {"match": match, "by": "sender"})
    scan = relief.scan("worker1", "outside", "", relief.shelters[0], {"item": "W01", "quantity": 1})

    assert refused(stranger) == "supplies.not_allowed"
    assert refused(citizen) == "supplies.unknown_match"
    assert refused(scan) == "supplies.not_your_shelter"
    assert numbers(need) == (100, 40, 0, 0, 0, 60)
