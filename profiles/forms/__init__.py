"""What people type about profiles. The rules are the services'; forms read, check early and never show a number again."""
