"""A company's directory: the people and groups that a program keeps up to date here (SCIM 2.0, RFC 7643)."""

from parlour.access.directory.groups import (
    DescribedGroup,
    Group,
    GroupThere,
    add_group,
    find_group,
    give_meaning,
    groups,
    remove_group,
    replace_group,
)
from parlour.access.directory.matching import BadFilter, Both, Compare, Either, Neither, Question, Wanted
from parlour.access.directory.persons import (
    AlreadyThere,
    Described,
    Person,
    add_person,
    find_person,
    managed,
    persons,
    remove_person,
    replace_person,
)

__all__ = [
    "AlreadyThere",
    "BadFilter",
    "Both",
    "Compare",
    "Described",
    "DescribedGroup",
    "Either",
    "Group",
    "GroupThere",
    "Neither",
    "Person",
    "Question",
    "Wanted",
    "add_group",
    "add_person",
    "find_group",
    "find_person",
    "give_meaning",
    "groups",
    "managed",
    "persons",
    "remove_group",
    "remove_person",
    "replace_group",
    "replace_person",
]
