// What JavaScript makes better here; every page works without it.
(() => {
  "use strict";

  // An error summary takes the focus, so that it is the first thing read.
  const focusErrors = (root) => root.querySelector("[data-focus]")?.focus();

  // A checkbox with data-select-all="name" ticks every enabled checkbox of that name in its form or table.
  const selectAll = (box) => {
    const scope = box.closest("form, table") ?? document;
    for (const one of scope.querySelectorAll(`input[type=checkbox][name="${CSS.escape(box.dataset.selectAll)}"]:enabled`)) one.checked = box.checked;
  };

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-select-all]")) selectAll(box);
    if (box.matches("[data-submit-on-change]")) box.form.requestSubmit();
    box.closest("form[data-guard]")?.setAttribute("data-changed", "");
  });

  // Menus close when one looks elsewhere.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    closeMenus(null);
    menu?.querySelector("summary").focus();
  });

  // A form with data-guard asks before changes are left behind; a second press on Submit sends nothing twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    form.removeAttribute("data-changed");
    if (form.method !== "post") return;
    if (form.dataset.sent && Date.now() - form.dataset.sent < 5000) event.preventDefault();
    form.dataset.sent = Date.now();
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-guard][data-changed]")) event.preventDefault();
  });

  // What only works with JavaScript is hidden until it is here, and what only serves without is hidden then.
  const ready = (root) => {
    if (window.htmx) for (const box of root.querySelectorAll("[data-without-htmx]")) box.hidden = true;
    for (const box of root.querySelectorAll("[data-select-all][hidden]")) box.hidden = false;
    focusErrors(root);
  };
  document.addEventListener("htmx:afterSwap", (event) => ready(event.target));
  ready(document);
})();
