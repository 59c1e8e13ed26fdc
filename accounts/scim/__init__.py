"""SCIM 2.0 at /scim/v2 (rule ACC-5, RFC 7643 and 7644): a partner's directory says who belongs, and to which groups.

The way of a request: `bearer` (whose token?) → `views` → `translation` (resource ↔ what services take) → `services.provisioned_*`.
"""
