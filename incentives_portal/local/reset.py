"""`make demo-reset`: forgets the demonstration's data, so that the next start begins from nothing."""

import os
import shutil
import sys

from .places import Places
from .services import lock


def main() -> int:
    places = Places()
    owner = lock(places, "owner")
    data = lock(places, "data", seconds=20) if owner is not None else None
    if owner is None or data is None:
        print("The demonstration of this clone still runs; stop it first.", file=sys.stderr)
        return 1
    for kept in places.root.iterdir():
        if kept == places.run:
            continue
        shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    places.record.unlink(missing_ok=True)
    os.close(data)
    os.close(owner)
    print("Forgotten. The next `make demo` begins from nothing.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
