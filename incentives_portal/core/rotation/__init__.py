"""Bringing every stored secret under the newest key, while the portal runs (rule PAY-3)."""

from .fingerprints import fingerprinted, refingerprint
from .places import Place, places
from .sealed_json import SealedJson, from_hex, sealed_in_json
from .walk import Outcome, check, rotate

__all__ = [
    "Outcome",
    "Place",
    "SealedJson",
    "check",
    "fingerprinted",
    "from_hex",
    "places",
    "refingerprint",
    "rotate",
    "sealed_in_json",
]
