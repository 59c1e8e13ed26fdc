// What the pages with passkeys show: whether this browser can use one here, and words where it failed.
(() => {
  "use strict";

  // Passkeys belong to a name; at an address of numbers, as 127.0.0.1, no browser knows any.
  const isNumber = /^(\[.*\]|[\d.]+)$/.test(location.hostname);
  const works = Boolean(window.PublicKeyCredential) && !isNumber;
  for (const one of document.querySelectorAll(works ? "[data-passkey]" : "[data-no-passkey]")) one.hidden = false;

  // allauth's script tells here what the browser or the person refused.
  document.addEventListener("allauth.error", (event) => {
    const words = document.querySelector("[data-passkey-error]");
    if (!words) return;
    event.preventDefault();
    words.hidden = false;
    words.focus();
  });
})();
