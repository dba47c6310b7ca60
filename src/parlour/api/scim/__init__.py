"""SCIM 2.0 (RFC 7643, 7644): a company's directory keeps its people and groups up to date here."""

from parlour.api.scim import discovery, groups, users

HANDLERS = (
    discovery.read_config,
    discovery.list_types,
    discovery.read_type,
    discovery.list_schemas,
    discovery.read_schema,
    discovery.search_everything,
    users.list_users,
    users.search_users,
    users.add_user,
    users.read_user,
    users.replace_user,
    users.change_user,
    users.remove_user,
    groups.list_groups,
    groups.search_groups,
    groups.add_group,
    groups.read_group,
    groups.replace_group,
    groups.change_group,
    groups.remove_group,
)

__all__ = ["HANDLERS"]
