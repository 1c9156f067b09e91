// Single-key shortcuts. <button data-key="n">, <textarea data-key="t">, <button data-key="ctrl+Enter">.
// Plain keys work outside fields only; modified keys work everywhere. Nothing happens while an input method is composing,
// while a key is held down, or when <body data-shortcuts="off">. "?" lists the keys of the page.
(() => {
  "use strict";
  const TEXT_FIELD = "textarea, select, [contenteditable=''], [contenteditable=true], input:not([type=checkbox], [type=radio], "
    + "[type=button], [type=submit], [type=reset], [type=range], [type=file])";
  // A Chinese layout types full-width forms of the same keys.
  const SAME = { "？": "?", "／": "/", "、": "/" };

  const shown = (element) => element.getClientRects().length > 0 && !element.disabled && !element.closest("[inert]");
  const scope = () => [...document.querySelectorAll("dialog[open]")].pop() || document;
  const keyed = () => [...scope().querySelectorAll("[data-key]")].filter(shown);

  function pressed(event) {
    let key = SAME[event.key] || event.key;
    if (key.length === 1) key = key.toLowerCase();
    const modifiers = [];
    if (event.ctrlKey || event.metaKey) modifiers.push("ctrl");
    if (event.altKey) modifiers.push("alt");
    return { key: [...modifiers, key].join("+"), modified: modifiers.length > 0 };
  }

  function act(element) {
    const takesText = element.matches(TEXT_FIELD);
    if (takesText || element.matches("input")) element.focus();
    if (!takesText) element.click();
    else if (element.matches("input")) element.select(); // never a textarea: the next key would erase the notes
  }

  function label(element) {
    if (element.dataset.keyLabel) return element.dataset.keyLabel;
    if (element.ariaLabel) return element.ariaLabel;
    const words = (element.labels?.[0] ?? element).cloneNode(true);
    words.querySelectorAll("kbd, [aria-hidden], input, select, textarea").forEach((part) => part.remove());
    return words.textContent.trim().replace(/\s+/g, " ");
  }

  function listKeys() {
    const dialog = document.getElementById("keys");
    if (!dialog || dialog.open) return;
    const rows = keyed().map((element) => {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      const meaning = document.createElement("dd");
      const key = document.createElement("kbd");
      key.className = "kbd";
      key.textContent = element.dataset.key.length === 1 ? element.dataset.key.toUpperCase() : element.dataset.key.replace("ctrl", "Ctrl");
      term.append(key);
      meaning.textContent = label(element);
      row.append(term, meaning);
      return row;
    });
    dialog.querySelector("dl").replaceChildren(...rows);
    dialog.querySelector("[data-none]").hidden = rows.length > 0;
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented) return;
    if (document.body.dataset.shortcuts === "off") return;
    const inField = event.target.matches?.(TEXT_FIELD);
    if (event.key === "Escape" && inField && !event.target.closest("dialog")) {
      event.target.blur(); // out of the notes, so that the digit keys choose an outcome again
      return;
    }
    const { key, modified } = pressed(event);
    if (inField && !modified) return;
    const element = keyed().find((candidate) => candidate.dataset.key.split(" ").includes(key));
    if (element) {
      event.preventDefault();
      act(element);
    } else if (key === "?" && scope() === document) {
      event.preventDefault();
      listKeys();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-show-keys]")) listKeys();
  });
})();
