"""People: organizations and those in them, what they may do, and how they come in."""

from parlour.people.actor import Actor, actor_as, actor_of
from parlour.people.api_keys import PREFIX as TOKEN_PREFIX
from parlour.people.api_keys import ApiToken, create_token, revoke_token, tokens_of
from parlour.people.departments import (
    Department,
    DepartmentNameTaken,
    add_department,
    change_department,
    departments,
    find_department,
    remove_department,
    set_members,
)
from parlour.people.organizations import (
    Organization,
    SlugTaken,
    change_organization,
    insert_organization,
    slug_from,
    this_organization,
)
from parlour.people.passwords import WeakPassword, check_strength
from parlour.people.passwords import hashed as hashed_password
from parlour.people.permissions import ALLOWED, Permission
from parlour.people.roles import Reach, Role, UserStatus
from parlour.people.sessions import Session, begin_session, end_session, end_sessions_of, session_of
from parlour.people.sign_in import SignUp, WrongCredentials, sign_in, sign_up
from parlour.people.users import (
    AddressTaken,
    NewUser,
    User,
    UserChanges,
    UserSearch,
    add_user,
    agents,
    change_user,
    customer_by_email,
    find_user,
    normal_email,
    search_users,
    team,
    user_by_email,
    users_by_id,
)

__all__ = [
    "ALLOWED",
    "TOKEN_PREFIX",
    "Actor",
    "AddressTaken",
    "ApiToken",
    "Department",
    "DepartmentNameTaken",
    "NewUser",
    "Organization",
    "Permission",
    "Reach",
    "Role",
    "Session",
    "SignUp",
    "SlugTaken",
    "User",
    "UserChanges",
    "UserSearch",
    "UserStatus",
    "WeakPassword",
    "WrongCredentials",
    "actor_as",
    "actor_of",
    "add_department",
    "add_user",
    "agents",
    "begin_session",
    "change_department",
    "change_organization",
    "change_user",
    "check_strength",
    "create_token",
    "customer_by_email",
    "departments",
    "end_session",
    "end_sessions_of",
    "find_department",
    "find_user",
    "hashed_password",
    "insert_organization",
    "normal_email",
    "remove_department",
    "revoke_token",
    "search_users",
    "session_of",
    "set_members",
    "sign_in",
    "sign_up",
    "slug_from",
    "team",
    "this_organization",
    "tokens_of",
    "user_by_email",
    "users_by_id",
]
