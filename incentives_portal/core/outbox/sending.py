"""Sending what is owed: claim with a lease, send, mark. A worker that dies leaves a claim that runs out."""


def send_due() -> int:
    """Sends every mail that is due. Returns how many were sent."""
    raise NotImplementedError
