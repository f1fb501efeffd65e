"""Users, groups, permissions, keys and sessions."""

from mrdraw.accounts.accounts import Accounts
from mrdraw.accounts.groups import group_records
from mrdraw.accounts.identity import API_USER, Identity
from mrdraw.accounts.permissions import Permission, permission_records

__all__ = ["API_USER", "Accounts", "Identity", "Permission", "group_records", "permission_records"]
