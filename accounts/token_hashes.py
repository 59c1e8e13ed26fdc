"""What is kept of a token that was given out once (rule ACC-5): enough to know it again, not to give it out again."""

import hashlib


def hash_of(token: str) -> bytes:
    """SHA-256. The tokens are long and random, so nobody finds one by trying, and no salt is needed to find it by its hash."""
    return hashlib.sha256(token.encode()).digest()
