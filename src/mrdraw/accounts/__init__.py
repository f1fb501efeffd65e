"""Users, groups, permissions, keys and sessions."""

from mrdraw.accounts.accounts import Accounts
from mrdraw.accounts.attempts import account_of
from mrdraw.accounts.grants import Grants, Scopes
from mrdraw.accounts.group_table import GroupChange
from mrdraw.accounts.groups import check_permissions
from mrdraw.accounts.identity import API_USER, PAGE_USER, Identity
from mrdraw.accounts.permissions import Permission, permission_records
from mrdraw.accounts.second_factor import Tokens

__all__ = [
    "API_USER",
    "PAGE_USER",
    "Accounts",
    "Grants",
    "GroupChange",
    "Identity",
    "Permission",
    "Scopes",
    "Tokens",
    "account_of",
    "check_permissions",
    "permission_records",
]
