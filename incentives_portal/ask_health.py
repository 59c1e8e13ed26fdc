"""Asks the web server of this container whether it is well; exit code 0 or 1. For health checks, without any setting up.

python -m incentives_portal.ask_health PORT
"""

import os
import sys
import urllib.request


def main(port: str) -> int:
    # A host that the portal answers to: the name of the container is not one of them.
    host = os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")[0].strip()
    question = urllib.request.Request(f"http://127.0.0.1:{int(port)}/health", headers={"Host": host})
    try:
        with urllib.request.urlopen(question, timeout=5) as answer:  # noqa: S310  # nosec B310
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
