"""Django admin for people and roles (rule ACC-3): one policy with the portal's own pages, and the same services behind it."""

from accounts.admin import partners, people, roles

__all__ = ["partners", "people", "roles"]
