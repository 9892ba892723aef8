"""Who may do what."""

from dataclasses import dataclass

import pytest

from webapp.kernel.identity.lg_codes import is_lg_code
from webapp.kernel.identity.roles import (
    PERMISSIONS,
    ROLES_OF_KIND,
    Action,
    OrganisationKind,
    Role,
    in_order,
    may,
    may_begin,
    may_manage_organisation,
    may_manage_people,
)


@dataclass(frozen=True)
class Somebody:
    roles: list[str]
    organisation_id: str = "town"


@dataclass(frozen=True)
class Some:
    id: str
    kind: OrganisationKind
    invited_by: str | None = None


TOWN = Some("town", OrganisationKind.MUNICIPALITY)
CARRIER = Some("carrier", OrganisationKind.CARRIER, "town")
ITAD = Some("itad", OrganisationKind.ITAD, "town")
ADMIN = Somebody(["admin"])


def test_every_action_has_a_line_in_the_table_and_somebody_who_may():
    assert set(PERMISSIONS) == set(Action)
    assert all(PERMISSIONS.values())


def test_every_role_can_be_given_somewhere_and_has_a_name():
    assert set().union(*ROLES_OF_KIND.values()) == set(Role)
    assert all(role.text for role in Role)
    assert all(kind.text for kind in OrganisationKind)


@pytest.mark.parametrize(
    "action", [Action.SCAN_OPENED, Action.SCAN_COUNTED, Action.SCAN_LOCKED, Action.SCAN_ARRIVED]
)
def test_a_driver_never_opens_locks_or_counts_a_cage(action: Action):
    assert not may(["driver"], action)


def test_a_driver_scans_cages_at_hand_over():
    assert may(["driver"], Action.SCAN_HANDED_OVER)


def test_operator_and_checker_are_different_permissions():
    assert may(["itad_operator"], Action.SCAN_DESTROYED)
    assert not may(["itad_checker"], Action.SCAN_DESTROYED)


def test_an_administrator_is_no_officer():
    allowed = {action for action in Action if may(["admin"], action)}
    assert allowed == {
        Action.PEOPLE_MANAGE,
        Action.ORGANISATION_MANAGE,
        Action.PLACES_MANAGE,
        Action.PHONES_MANAGE,
        Action.LEDGER_READ,
        Action.LEDGER_REDACT,
        Action.NODE_ADMIT,
        Action.NOTICES_VIEW,
        Action.SHELTERS_MANAGE,
        Action.ITEMS_MANAGE,
        Action.SUPPLIES_VIEW,
    }


def test_roles_that_nobody_knows_count_for_nothing():
    assert not any(may(["root", ""], action) for action in Action)
    assert in_order(["root", "admin", "officer", "admin"]) == [Role.OFFICER, Role.ADMIN]


def test_an_administrator_manages_the_own_town_and_the_carrier_it_invited():
    assert may_manage_people(ADMIN, TOWN)
    assert may_manage_people(ADMIN, CARRIER)


def test_an_itad_company_manages_its_own_people():
    assert not may_manage_people(ADMIN, ITAD)
    assert may_manage_people(Somebody(["itad_manager"], "itad"), ITAD)
    assert not may_manage_people(Somebody(["itad_operator"], "itad"), ITAD)


def test_the_inviting_town_begins_an_itad_company_and_then_lets_go():
    assert may_begin(ADMIN, ITAD, 0)
    assert not may_begin(ADMIN, ITAD, 1)
    assert not may_begin(Somebody(["admin"], "other"), ITAD, 0)


@pytest.mark.parametrize("organisation", [TOWN, CARRIER, ITAD])
def test_another_towns_administrator_manages_nothing_here(organisation: Some):
    other = Somebody(["admin"], "other")
    assert not may_manage_people(other, organisation)
    assert not may_manage_organisation(other, organisation)


def test_an_itad_manager_does_not_manage_whom_the_company_invited():
    assert not may_manage_people(
        Somebody(["itad_manager"], "itad"), Some("x", OrganisationKind.CARRIER, "itad")
    )


@pytest.mark.parametrize("code", ["063622", "011002", "131016", "473821"])
def test_codes_of_real_municipalities_are_taken(code: str):
    assert is_lg_code(code)


@pytest.mark.parametrize("code", ["063623", "06362", "0636222", "06362２", "abcdef", ""])
def test_mistyped_municipality_codes_are_not(code: str):
    assert not is_lg_code(code)
