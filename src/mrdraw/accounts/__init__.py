"""Users, groups, permissions, keys and sessions."""
