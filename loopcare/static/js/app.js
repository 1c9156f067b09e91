// What every staff page does without the server: toasts, menus, confirmation, theme, focus on what needs attention.
(() => {
  "use strict";
  const words = document.getElementById("words")?.dataset ?? {};
  const live = document.getElementById("live");
  const toasts = document.getElementById("toasts");
  const toastTemplate = document.getElementById("toast-template");

  function say(text) {
    live.textContent = "";
    setTimeout(() => { live.textContent = text; }, 60); // a reader announces only a change
  }

  // --- toasts: from Django's messages (already on the page) and from HX-Trigger: {"toast": {"text", "undo_url", "level"}}
  function startToast(toast) {
    const undo = toast.querySelector("[data-toast-undo]");
    const left = toast.querySelector("[data-toast-left]");
    const stays = toast.matches(".toast-error, .toast-warning");
    let seconds = undo ? 60 : 8;
    const close = () => {
      clearInterval(timer);
      const hadFocus = toast.contains(document.activeElement);
      toast.remove();
      if (hadFocus) document.getElementById("main").focus();
    };
    const timer = setInterval(() => {
      if (!undo && (stays || toast.matches(":hover, :focus-within"))) return;
      seconds -= 1; // the server's minute does not wait for the pointer, so neither does an undo
      if (left) left.textContent = `0:${String(seconds).padStart(2, "0")}`;
      if (seconds <= 0) close();
    }, 1000);
    toast.querySelector("[data-toast-close]").addEventListener("click", close);
    toast.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) close(); });
    say(toast.querySelector("p").textContent);
  }

  function showToast({ text, value, level = "info", undo_url: undoUrl = "" }) {
    const toast = toastTemplate.content.firstElementChild.cloneNode(true);
    toast.classList.add(`toast-${level}`);
    toast.querySelector("p").textContent = text ?? value;
    if (undoUrl) {
      toast.setAttribute("action", undoUrl);
      toast.setAttribute("hx-post", undoUrl);
    } else {
      toast.querySelector("[data-toast-undo]").remove();
    }
    toasts.prepend(toast); // the newest first: Z undoes the last thing done
    window.htmx?.process(toast);
    startToast(toast);
  }

  document.body.addEventListener("toast", (event) => showToast(event.detail));
  document.body.addEventListener("say", (event) => say(event.detail.text));
  toasts.querySelectorAll(".toast").forEach(startToast);

  // --- confirmation: <button data-confirm="Stop this campaign?" data-confirm-label="Stop">
  const confirmation = document.getElementById("confirm");
  let confirmed = null;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-confirm]");
    if (!button || button === confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const yes = confirmation.querySelector("[value=yes]");
    confirmation.querySelector("p").textContent = button.dataset.confirm;
    yes.textContent = button.dataset.confirmLabel || words.yes;
    yes.classList.toggle("danger", button.classList.contains("danger"));
    confirmation.returnValue = "";
    confirmation.onclose = () => {
      button.focus();
      if (confirmation.returnValue !== "yes") return;
      confirmed = button;
      button.click();
      confirmed = null;
    };
    confirmation.showModal();
  }, true);

  // --- menus: one open at a time, Escape and a click elsewhere close
  const openMenus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.preventDefault();
    }
  });

  // --- theme: two states; choosing what the system prefers anyway goes back to following the system
  const root = document.documentElement;
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
  const switches = document.querySelectorAll("[data-theme-switch]");
  const showTheme = () => switches.forEach((button) => button.setAttribute("aria-pressed", String(isDark())));
  switches.forEach((button) => button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    const follows = (theme === "dark") === systemDark.matches;
    if (follows) delete root.dataset.theme; else root.dataset.theme = theme;
    try {
      if (follows) localStorage.removeItem("theme"); else localStorage.setItem("theme", theme);
    } catch { /* not kept, but shown */ }
    showTheme();
  }));
  systemDark.addEventListener("change", showTheme);
  showTheme();

  // --- small things
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.(".error-summary a[href^='#']");
    const copy = event.target.closest?.("[data-copy-link]");
    if (event.target.closest?.("[data-reload]")) location.reload();
    if (copy) {
      await navigator.clipboard.writeText(location.href);
      showToast({ text: words.copied, level: "success" });
    }
    const text = event.target.closest?.("[data-copy]");
    if (text) {
      const source = document.getElementById(text.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        showToast({ text: words.copiedText, level: "success" });
      } catch { // a browser has no clipboard for pages that came without https
        getSelection().selectAllChildren(source);
        showToast({ text: words.copyByHand });
      }
    }
    if (link) {
      const field = document.getElementById(link.hash.slice(1));
      const control = field?.matches("input, select, textarea") ? field : field?.querySelector("input, select, textarea");
      if (control) { event.preventDefault(); control.focus(); }
    }
  });
  document.querySelector("main [data-focus]")?.focus();
})();
