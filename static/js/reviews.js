// Single keys for reviewers. No key decides anything: a key moves the focus or follows a link, and Enter does the rest.
// They can be turned off, and keep out of the way of whoever is typing.
(() => {
  "use strict";

  const STORED = "review-shortcuts";
  const list = document.querySelector("[data-shortcuts]");
  const box = document.querySelector("[data-shortcuts-switch]");
  if (!list || !box) return;

  // A browser may forbid storage; then the keys are on until the page is left.
  const read = () => { try { return localStorage.getItem(STORED); } catch { return null; } };
  const write = (value) => { try { localStorage.setItem(STORED, value); } catch { /* as above */ } };

  list.hidden = false;
  box.checked = read() !== "off";
  box.addEventListener("change", () => write(box.checked ? "on" : "off"));

  const isTyping = (element) => element?.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");

  const move = (step) => {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.indexOf(document.activeElement);
    rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step]?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTyping(event.target)) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "?") {
      list.open = !list.open;
      list.querySelector("summary").focus();
    } else {
      const target = event.key.length === 1 && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (!target) return;
      if (target.matches("a")) target.click();
      else target.focus();
    }
    event.preventDefault();
  });
})();
