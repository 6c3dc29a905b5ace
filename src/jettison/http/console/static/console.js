"use strict";
// Everything here is possible without it too: this makes it quicker.
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const say = (text) => { one("#said").textContent = text; };

  // ---------------------------------------------------------------------------------------------------------- times
  const SPANS = [[31536000, "year"], [2592000, "month"], [86400, "day"], [3600, "hour"], [60, "minute"]];
  const span = (seconds) => {
    for (const [length, noun] of SPANS) {
      const number = Math.floor(seconds / length);
      if (number >= 1) return `${number} ${noun}${number === 1 ? "" : "s"}`;
    }
    return "a moment";
  };
  const exactly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const clock = (seconds) => {
    const two = (number) => String(Math.floor(number)).padStart(2, "0");
    return `${two(seconds / 3600)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}`;
  };
  const showTimes = (within = document) => {
    for (const time of all("time[data-show]", within)) {
      const at = new Date(time.dateTime);
      const ago = (Date.now() - at) / 1000;
      time.title = `${exactly.format(at)} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
      if (time.dataset.show === "exact") time.textContent = exactly.format(at);
      else if (time.dataset.show === "ago") time.textContent = ago < 60 ? "just now" : `${span(ago)} ago`;
      else time.textContent = ago >= 0 ? "no time" : -ago > 172800 ? span(-ago) : clock(-ago);
    }
  };

  // ------------------------------------------------------------------------------------------------------ selection
  let at = -1;
  let last = null;
  const rows = () => all("[data-row]");
  const box = (row) => one("input[type=checkbox]", row);
  const boxes = () => all("[data-row] .check input[type=checkbox]");
  const count = () => {
    const form = one("[data-selecting]");
    if (!form) return;
    const number = all("input[name=t]:checked", form).length;
    const matching = one("[data-match]:checked", form);
    const told = one("[data-selected]", form);
    if (told) told.textContent = matching ? "all that match" : number ? `${number} selected` : "";
    const actions = one("[data-actions]", form);
    if (actions) actions.hidden = !number && !matching;
    const every = one("[data-all]", form);
    if (every) {
      const checked = boxes().filter((each) => each.checked).length;
      every.checked = checked > 0 && checked === boxes().length;
      every.indeterminate = checked > 0 && !every.checked;
    }
  };
  const range = (from, to, checked) => {
    const list = boxes();
    const [low, high] = [list.indexOf(from), list.indexOf(to)].sort((a, b) => a - b);
    if (low >= 0) list.slice(low, high + 1).forEach((each) => { each.checked = checked; });
  };
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.matches("[data-all]")) boxes().forEach((each) => { each.checked = target.checked; });
    if (target.matches("[data-row] .check input")) {
      if (event.shiftKey && last) range(last, target, target.checked);
      last = target;
    }
    count();
  });
  const move = (step) => {
    const list = rows();
    if (!list.length) return;
    at = Math.max(0, Math.min(list.length - 1, at + step));
    list.forEach((row, number) => row.classList.toggle("at", number === at));
    list[at].scrollIntoView({ block: "nearest" });
    (one("[data-open]", list[at]) || box(list[at]))?.focus();
  };

  // ----------------------------------------------------------------------------------------------- search as you type
  let asked = null;
  const live = async (form) => {
    const where = new URL(form.action);
    where.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value)).toString();
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(where, { signal: asked.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = one(form.dataset.live, page);
      const problem = one("[data-problem]");
      if (problem) {
        // What is half written is often no rule yet: say so, and stay.
        problem.hidden = answer.ok;
        problem.textContent = answer.ok ? "" : one("[role=alert]", page)?.textContent ?? "";
        if (!answer.ok && answer.status < 500) return;
      }
      if (!fresh) { location.assign(where); return; }
      one(form.dataset.live).replaceWith(fresh);
      const number = one(".head .count", page);
      if (number && one(".head .count")) one(".head .count").replaceWith(number);
      history.replaceState(null, "", where);
      ready(fresh);
      say(`${rows().length} shown`);
    } catch (error) {
      if (error.name !== "AbortError") form.submit();
    }
  };
  let waiting = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.matches("[data-live]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => live(form), 120);
  });

  // ------------------------------------------------------------------------------------------------------- keyboard
  const help = one("#help");
  one("[data-help]")?.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape" && typing) event.target.blur();
    if (typing || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      "/": () => one("[data-search]")?.focus(),
      "?": () => help.showModal(),
      j: () => move(1),
      k: () => move(-1),
      "#": () => { const button = one("[data-delete]"); if (button && !button.closest("[hidden]")) button.click(); },
      u: () => one("[data-undo]")?.click(),
    };
    const key = event.key.toLowerCase();
    if (key === "x" && at >= 0) {
      const current = box(rows()[at]);
      if (current) {
        if (event.shiftKey && last) range(last, current, true); else current.checked = !current.checked;
        last = current;
        count();
      }
    } else if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // ------------------------------------------------------------------------------------------------------- the rest
  document.addEventListener("submit", (event) => {
    // Once: what was sent twice would be refused the second time, and look as if it had failed.
    if (event.target.method !== "post") return;
    const button = event.submitter;
    setTimeout(() => { if (button) { button.disabled = true; button.classList.add("busy"); } });
  });
  addEventListener("pageshow", () => all("button.busy").forEach((each) => { each.disabled = false; each.classList.remove("busy"); }));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    say("copied");
    setTimeout(() => button.classList.remove("done"), 1500);
  });
  const typed = one("[data-typed]");
  if (typed) {
    const button = one("[data-sure]");
    const check = () => { button.disabled = typed.value.trim() !== typed.dataset.typed; };
    typed.addEventListener("input", check);
    check();
  }
  const ready = (within) => {
    all("[data-all], [data-help]", within).forEach((each) => { each.hidden = false; });
    if (navigator.clipboard) all("[data-copy]", within).forEach((each) => { each.hidden = false; });
    at = -1;
    last = null;
    showTimes(within);
    count();
  };
  ready(document);
  setInterval(showTimes, 1000);
})();
