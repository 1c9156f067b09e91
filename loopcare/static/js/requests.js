// What happens around htmx requests: every answer, 409, 422, 500, time-out, offline or signed out, has a visible result
// and a place for the focus, and nothing typed is lost.
(() => {
  "use strict";
  const body = document.body;
  const words = document.getElementById("words")?.dataset ?? {};
  const problem = document.getElementById("problem");
  const problemTemplate = document.getElementById("problem-template");
  const expired = document.getElementById("expired");
  const slow = document.getElementById("slow");
  const slowTimers = new Map();
  let failed = null; // the last request that did not get through, for "Try again"
  let lostFocus = null;

  // A failing poll or autosave must not pull the focus out of the notes; a failing click or submit must.
  const byPerson = (config) => ["click", "submit"].includes(config?.triggeringEvent?.type);

  function retry() {
    const { elt, config } = failed ?? {};
    problem.replaceChildren();
    if (!elt || !document.contains(elt)) { location.reload(); return; }
    elt.focus?.();
    window.htmx.ajax(config.verb, config.path, { source: elt, event: config.triggeringEvent });
  }

  function present(notice, takeFocus, source) {
    problem.replaceChildren(notice);
    notice.querySelector("[data-problem-retry]")?.addEventListener("click", retry);
    notice.querySelector("[data-problem-close]")?.addEventListener("click", () => {
      problem.replaceChildren();
      (source && document.contains(source) && source.matches("button, a, input, select, textarea") ? source : document.getElementById("main")).focus();
    });
    if (takeFocus) notice.focus();
    else body.dispatchEvent(new CustomEvent("say", { detail: { text: notice.querySelector("[data-problem-text]").textContent } }));
  }

  function showProblem(title, text, { canRetry = false, takeFocus = false, source = null } = {}) {
    const notice = problemTemplate.content.firstElementChild.cloneNode(true);
    notice.querySelector("strong").textContent = title;
    notice.querySelector("[data-problem-text] > p").textContent = text;
    if (!canRetry) notice.querySelector("[data-problem-retry]").remove();
    present(notice, takeFocus, source);
  }

  function notReached(event) {
    const { elt, requestConfig: config } = event.detail;
    failed = { elt, config };
    const title = navigator.onLine ? words.timeout : words.offline;
    showProblem(title, words.kept, { canRetry: true, takeFocus: byPerson(config), source: elt });
  }

  // The cookie, not the page, has the token of today: signing in again in another tab changed it.
  body.addEventListener("htmx:configRequest", (event) => {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
    if (!token || event.detail.verb === "get") return;
    event.detail.headers["X-CSRFToken"] = token;
    event.detail.formData.delete("csrfmiddlewaretoken");
  });

  body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    detail.target?.setAttribute("aria-busy", "true");
    if (!byPerson(detail.requestConfig)) return;
    slowTimers.set(detail.xhr, setTimeout(() => {
      slow.hidden = false;
      slow.querySelector("button").onclick = () => window.htmx.trigger(detail.elt, "htmx:abort");
    }, 10000));
  });
  body.addEventListener("htmx:afterRequest", ({ detail }) => {
    detail.target?.removeAttribute("aria-busy");
    clearTimeout(slowTimers.get(detail.xhr));
    slowTimers.delete(detail.xhr);
    if (slowTimers.size === 0) slow.hidden = true;
  });
  body.addEventListener("htmx:sendError", notReached);
  body.addEventListener("htmx:timeout", notReached);

  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig: config } = event.detail;
    const { elt } = config; // detail.elt is the target here, not what was clicked
    const signInPath = new URL(body.dataset.signIn || "/", location.href).pathname;
    const landed = xhr.responseURL ? new URL(xhr.responseURL).pathname : "";
    if (xhr.status === 401 || (landed === signInPath && location.pathname !== signInPath)) {
      event.detail.shouldSwap = false;
      failed = { elt, config };
      if (!expired.open) expired.showModal();
      return;
    }
    lostFocus = document.activeElement;
    if (xhr.status < 400) return;
    const parsed = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const notice = parsed.querySelector("[data-problem]");
    const wholePage = /^\s*<!doctype/i.test(xhr.responseText);
    if (!notice && !wholePage && xhr.responseText.trim() && xhr.status < 500) return; // a fragment made for its own place
    event.detail.shouldSwap = false;
    failed = { elt, config };
    if (notice) present(document.importNode(notice, true), byPerson(config), elt);
    else showProblem(words.broken, words.kept, { canRetry: true, takeFocus: byPerson(config), source: elt });
  });

  // Focus: what the answer points at, else the same control as before, else the place that changed.
  body.addEventListener("htmx:afterSettle", (event) => {
    const place = event.detail.elt;
    const wanted = place.matches?.("[data-focus]") ? place : place.querySelector?.("[data-focus]");
    const before = lostFocus;
    lostFocus = null;
    if (wanted) { wanted.focus(); return; }
    if (document.activeElement !== body || !before || before === body) return;
    const same = (before.id && document.getElementById(before.id))
      || (before.name && place.querySelector?.(`[name="${CSS.escape(before.name)}"]`));
    if (same) { same.focus(); return; }
    if (!place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
    place.focus();
  });

  expired.addEventListener("close", () => { if (expired.returnValue === "again") retry(); });
  window.addEventListener("offline", () => showProblem(words.offline, words.kept));
  window.addEventListener("online", () => {
    if (problem.querySelector("strong")?.textContent === words.offline) problem.replaceChildren();
  });
})();
