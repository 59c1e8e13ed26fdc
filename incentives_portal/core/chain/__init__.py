"""The audit log as one chain (rule OPS-3): entries are sealed after they are committed, and the seals can be checked."""
