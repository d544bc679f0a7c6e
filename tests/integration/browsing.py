"""A headless Chromium for the tests of the interface, and a tab that notes what it asked for and what went wrong."""

from __future__ import annotations

import re
import shutil
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (apt-get install chromium)"),
]


# The page is drawn in steps: what is typed or clicked on a piece that is about to be replaced is lost.
_UNCHANGED = """() => new Promise((done) => {
  const began = Date.now();
  let changed = began;
  const watcher = new MutationObserver(() => { changed = Date.now(); });
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
  const look = setInterval(() => {
    if (Date.now() - changed < 250 && Date.now() - began < 10000) return;
    clearInterval(look); watcher.disconnect(); done();
  }, 50);
})"""


class Tab:
    """One page, the requests it made and the faults it reported."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.faults: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", self._fault)
        page.on("console", lambda message: message.type == "error" and self._fault(message.text))
        page.goto(address)
        page.wait_for_selector("#ct-patient input")
        page.wait_for_selector("text=Choose a patient above")

    def _fault(self, error: object) -> None:
        self.faults.append(str(error))

    def reload(self) -> None:
        """Load the page again; what the page that is gone reports about its cut connections is no fault."""
        before = list(self.faults)
        self.page.reload()
        self.page.wait_for_selector("#ct-chat")
        self.faults[:] = before

    def settle(self) -> None:
        """Wait until nothing of the page has changed for a quarter of a second, ten seconds at most."""
        self.page.evaluate(_UNCHANGED)

    def open_patient(self, name: str) -> None:
        self.page.get_by_role("tab", name="Ask", exact=True).click()
        self.page.click("#ct-patient input")
        self.page.locator("#ct-patient").get_by_role("option", name=re.compile(name)).first.click()
        self.page.wait_for_selector(f".ct-who h1:has-text('{name}')")
        self.page.wait_for_selector("#ct-question textarea:not([disabled])")
        self.settle()

    def ask(self, question: str) -> None:
        before = self.page.locator("#ct-chat .user-row").count()
        self.page.fill("#ct-question textarea", question)
        self.page.press("#ct-question textarea", "Enter")
        self.page.wait_for_function(f"document.querySelectorAll('#ct-chat .user-row').length > {before}")
        self.page.wait_for_selector("#ct-question .submit-button", timeout=60_000)
        self.settle()

    @property
    def last(self) -> Any:
        return self.page.locator("#ct-chat .bot-row").last

    @property
    def elsewhere(self) -> list[str]:
        """Requests to any host but this one."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).hostname != "127.0.0.1"
        ]
