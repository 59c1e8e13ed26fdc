// Grids of locations: what is looked for shows at once, many are ticked or filled at once, and what is chosen is counted.
// Without this file the same buttons ask the server, which keeps what was chosen.
(() => {
  "use strict";

  const frame = document.querySelector("[data-grid]");
  if (!frame) return;
  const form = frame.closest("form");
  const rows = [...frame.querySelectorAll("tbody tr")];
  const words = frame.querySelector("[data-grid-words]");
  const country = frame.querySelector("[data-grid-country]");
  const none = frame.querySelector("[data-grid-none]");
  const counter = form.querySelector("[data-grid-count]");
  const textOf = new Map(rows.map((row) => [row, [...row.querySelectorAll(".id, th")].map((cell) => cell.textContent).join(" ").toLowerCase()]));
  const shown = () => rows.filter((row) => !row.hidden);

  const show = () => {
    const wanted = (words?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = textOf.get(row);
      row.hidden = (country?.value && row.dataset.country !== country.value) || !wanted.every((word) => text.includes(word));
    }
    if (none) none.hidden = shown().length > 0;
  };

  // A ticked box counts, and so does a cell that differs from what its name says it was.
  const isChosen = (field) => (field.type === "checkbox" ? field.checked : /^[0-4][aun]/.test(field.name) && field.value !== field.name[1]);
  const count = () => {
    const fields = frame.querySelectorAll("tbody select, tbody input[type=checkbox], input[type=hidden][name=locations], [data-grid-carried]");
    if (counter) counter.textContent = [...fields].filter((field) => field.type === "hidden" || isChosen(field)).length;
  };

  const tick = (what, checked) => {
    const meant = what === "shown" ? shown() : rows.filter((row) => row.dataset.country === what);
    for (const row of meant) row.querySelector("input[type=checkbox]").checked = checked;
    form.querySelector('input[name="where"][value="listed"]')?.click();
    count();
  };

  const fill = (box) => {
    const [column, role, where] = [...box.querySelectorAll("select")].map((select) => select.value);
    for (const row of where ? rows.filter((one) => one.dataset.country === where) : shown()) {
      const cell = row.querySelector(`select[name^="${CSS.escape(column)}"]`);
      if (cell && [...cell.options].some((option) => option.value === role)) cell.value = role;
    }
    count();
  };

  // From here on these buttons do their work in place. They no longer submit, so Enter in a field presses the form's own button.
  const inPlace = (button, act) => {
    button.type = "button";
    button.addEventListener("click", act);
  };
  // What the server left out can't be found here: then its own search stays.
  if (!words?.value && !country?.value && !form.querySelector("[data-grid-cut]")) {
    words?.addEventListener("input", show);
    words?.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    country?.addEventListener("change", show);
    frame.querySelectorAll("[data-grid-find]").forEach((button) => inPlace(button, show));
    frame.querySelectorAll("[data-grid-do]").forEach((button) => {
      const [verb, what] = button.value.split(":");
      inPlace(button, () => tick(what, verb === "tick"));
    });
    const box = frame.querySelector("[data-grid-fill]");
    if (box) inPlace(box.querySelector("button"), () => fill(box));
  }
  form.addEventListener("change", count);
  show();
  count();
})();
