// The agent's workspace: what each outcome would do, the agreed time, the guide's ticks, the end of the hold, and notes
// that outlive a reload. Saving itself is the form's; keys are keys.js; failures are requests.js.
(() => {
  "use strict";
  const work = () => document.getElementById("work");
  const notes = () => document.querySelector("textarea[name=notes]");
  const toast = (text, level = "success") => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));
  let saving = false; // the outcome is on its way: a draft sent now would outlive it
  let typed = false; // something stands in the form that no autosave has taken yet

  // --- outcome: its effect before it is saved, and the time where one can be agreed
  function showEffect() {
    const chosen = work()?.querySelector("[name=outcome]:checked")?.value ?? "";
    for (const effect of document.querySelectorAll("[data-effect]")) effect.hidden = effect.dataset.effect !== chosen;
    const booking = document.querySelector("[data-booking]");
    if (booking) booking.hidden = !["callback", "follow_up"].includes(chosen);
  }

  // What one outcome lacked says nothing about another: the server looks again at the next save.
  function forgetErrors() {
    document.querySelectorAll("#work .error-summary, #work .field-error").forEach((error) => error.remove());
    for (const control of document.querySelectorAll("#work [aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
  }

  function choose(code) {
    const radio = work().querySelector(`[name=outcome][value="${code}"]`);
    if (radio.checked) return;
    radio.checked = true;
    forgetErrors();
    showEffect();
  }

  // --- guide: ticks are the agent's own memory of this talk, kept in this tab
  function countTicks(guide) {
    const boxes = [...guide.querySelectorAll("input")];
    const count = document.querySelector("[data-guide-count]");
    if (count && boxes.length) count.textContent = `${boxes.filter((box) => box.checked).length}/${boxes.length}`;
    return boxes.map((box) => Number(box.checked)).join("");
  }

  function restoreTicks() {
    const guide = document.querySelector("[data-guide]");
    if (!guide) return;
    const kept = sessionStorage.getItem(`guide:${guide.dataset.guide}`) ?? "";
    guide.querySelectorAll("input").forEach((box, place) => { box.checked = kept[place] === "1"; });
    countTicks(guide);
  }

  // --- hold: every answered heartbeat starts the time anew; it is shown when less than two minutes are left
  const SHOWN_BELOW = 120;
  let holdEnds = 0;
  function startHold() {
    const hold = document.getElementById("hold");
    if (hold) holdEnds = performance.now() + Number(hold.dataset.seconds) * 1000;
  }

  setInterval(() => {
    const hold = document.getElementById("hold");
    if (!hold) return;
    const left = Math.max(0, Math.round((holdEnds - performance.now()) / 1000));
    hold.hidden = left >= SHOWN_BELOW;
    hold.textContent = `${hold.dataset.words} ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }, 1000);

  // --- drafts
  function send(url) {
    const form = work();
    const body = form ? new FormData(form) : new FormData();
    if (!form && notes()) body.set("notes", notes().value);
    body.set("csrfmiddlewaretoken", document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "");
    return { url, body };
  }

  async function addNote(button) {
    const { url, body } = send(button.dataset.url);
    const answer = await fetch(url, { method: "POST", body }).catch(() => null);
    const words = document.getElementById("words").dataset;
    if (answer?.ok) toast(button.dataset.done); else toast(words.broken, "error");
  }

  // A page that goes away within the half second before the autosave still leaves its notes.
  addEventListener("pagehide", () => {
    const form = work();
    if (!form || saving || !typed) return;
    const { url, body } = send(form.dataset.draft);
    navigator.sendBeacon(url, body);
  });

  // --- events
  document.addEventListener("input", (event) => { if (event.target.closest("#autosave")) typed = true; });
  document.addEventListener("change", (event) => {
    if (event.target.name === "outcome") {
      forgetErrors();
      showEffect();
    }
    const guide = event.target.closest("[data-guide]");
    if (guide) sessionStorage.setItem(`guide:${guide.dataset.guide}`, countTicks(guide));
  });

  document.addEventListener("keydown", (event) => {
    // Enter in a one-line field must not record an outcome; an input method uses it to take a word.
    const field = event.target.closest?.("#work input");
    if (event.key === "Enter" && field && !event.ctrlKey && !event.metaKey) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest?.(selector);
    if (on("[data-open]")) document.getElementById(on("[data-open]").dataset.open).showModal();
    if (on("[data-close]")) on("dialog").close();
    if (on("[data-book]")) {
      choose(work().querySelector("[name=outcome][value=follow_up]").checked ? "follow_up" : "callback");
      work().querySelector("[name=booked_at]").value = on("[data-book]").dataset.book;
    }
    if (on("[data-add-note]")) addNote(on("[data-add-note]"));
    if (on("[data-copy-notes]")) {
      notes().select(); // where the clipboard is closed to pages, the text is at least selected
      navigator.clipboard?.writeText(notes().value).then(() => toast(on("[data-copy-notes]").dataset.done));
    }
  });

  // An autosave under way is waited for (hx-sync), and none begins after the save: the outcome has the last word.
  document.addEventListener("submit", (event) => { if (event.target === work()) saving = true; }, true);
  document.body.addEventListener("htmx:confirm", (event) => {
    if (event.detail.elt.id === "autosave" && saving) event.preventDefault();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = event.detail; // not `successful`: a redirect leaves that unset
    const done = xhr.status >= 200 && xhr.status < 300;
    if (elt.id === "work" && !done) saving = false;
    if (elt.id === "autosave" && done) typed = false;
    if (elt.id === "hold" && xhr.status === 409) document.getElementById("hold")?.remove(); // lost: nothing left to keep
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    showEffect();
    if (!document.querySelector("[data-guide] input:checked")) restoreTicks();
  });
  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.detail.requestConfig?.path.endsWith("/hold/")) startHold(); });

  showEffect();
  restoreTicks();
  startHold();
})();
