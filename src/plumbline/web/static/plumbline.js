"use strict";
// Keys, theme, completion of the filter, and the peek panel. Every page works without it.
(() => {
  const root = document.documentElement;
  root.classList.remove("no-script");
  root.classList.add("script");
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${secure}`;
  };

  // Theme: light, dark, or as the system says.
  const themed = (choice) => {
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    for (const button of all("[data-choose-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.chooseTheme === choice));
    }
  };
  themed(root.dataset.theme || "system");

  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-choose-theme]");
    if (theme) {
      themed(theme.dataset.chooseTheme);
      remember("theme", theme.dataset.chooseTheme);
    }
    const menu = event.target.closest(".menu-button");
    if (menu) {
      const open = menu.parentElement.classList.toggle("open");
      menu.setAttribute("aria-expanded", String(open));
    }
    if (event.target.closest("[data-close-peek]")) closePeek();
    if (event.target.closest("[data-print]")) window.print();
    for (const one of all("details.menu[open], details.how[open]")) {
      if (!one.contains(event.target)) one.open = false;
    }
  });

  // Peek: the detail of a row beside the list.
  let peekedFrom = null;
  const closePeek = () => {
    const panel = find("#peek");
    if (!panel || !panel.firstElementChild) return false;
    panel.replaceChildren();
    if (peekedFrom) peekedFrom.focus();
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-peek]");
    if (link) peekedFrom = link;
  }, true);
  document.addEventListener("htmx:after:swap", () => {
    if (matchMedia("(max-width: 75rem)").matches) {
      // Beside the list there is no room: what is chosen stays open, the rest folds up.
      for (const one of all(".facets details[open]")) one.open = Boolean(find(".on", one));
    }
    const panel = find("#peek");
    if (panel && panel.firstElementChild && peekedFrom) {
      const close = find("[data-close-peek]", panel);
      if (close) close.focus();
    }
  });

  // Rows by keyboard.
  const rows = () => all("tr[data-row]");
  const selected = () => find("tr.selected");
  const step = (by) => {
    const list = rows();
    if (!list.length) return;
    const now = list.indexOf(selected());
    const next = list[Math.min(list.length - 1, Math.max(0, now + by))];
    if (list[now]) list[now].classList.remove("selected");
    next.classList.add("selected");
    const link = find("a", next);
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
  const follow = (selector) => {
    const link = find(selector, selected() || document);
    if (link) link.click();
  };

  const help = () => {
    const dialog = find("#keys");
    if (dialog) dialog.open ? dialog.close() : dialog.showModal();
  };
  let waiting = "";
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  const acts = {
    "/": () => { const field = find("#q"); if (field) { field.focus(); field.select(); } },
    "?": help,
    j: () => step(1),
    k: () => step(-1),
    o: () => follow("[data-peek]"),
    e: () => { const menu = find("details.menu[data-export]"); if (menu) { menu.open = !menu.open; find("a", menu).focus(); } },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const one of all("details.menu[open], details.how[open]")) {
        one.open = false;
        find("summary", one).focus();
      }
      closePeek();
      return;
    }
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) return;
    if (waiting === "g") {
      waiting = "";
      const link = find(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "g") {
      waiting = "g";
      setTimeout(() => { waiting = ""; }, 1200);
      return;
    }
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  const keys = find("#keys-off");
  if (keys) {
    keys.checked = root.dataset.keys === "off";
    keys.addEventListener("change", () => {
      root.dataset.keys = keys.checked ? "off" : "on";
      remember("keys", root.dataset.keys);
    });
  }

  // Completion of the filter: a combobox whose options the server works out.
  const complete = (field) => {
    const list = document.getElementById(field.getAttribute("aria-controls"));
    let asked = 0, place = -1, from = 0, till = 0;
    const close = () => {
      list.hidden = true;
      list.replaceChildren();
      place = -1;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    };
    const mark = (to) => {
      const options = [...list.children];
      place = (to + options.length) % options.length;
      options.forEach((one, n) => one.setAttribute("aria-selected", String(n === place)));
      field.setAttribute("aria-activedescendant", options[place].id);
      options[place].scrollIntoView({ block: "nearest" });
    };
    const take = (option) => {
      const text = option.dataset.text;
      const rest = field.value.slice(till);
      const gap = text.endsWith(":") || rest.startsWith(" ") ? "" : " ";
      field.value = field.value.slice(0, from) + text + gap + rest;
      const at = from + text.length + gap.length;
      field.setSelectionRange(at, at);
      close();
      if (text.endsWith(":")) ask();
    };
    const show = (found) => {
      list.replaceChildren(...found.options.map((one, n) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${n}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.text = one.text;
        const code = document.createElement("code");
        code.textContent = one.text;
        const doc = document.createElement("span");
        doc.textContent = one.doc;
        option.append(code, doc);
        return option;
      }));
      from = found.from;
      till = found.till;
      list.hidden = !found.options.length;
      field.setAttribute("aria-expanded", String(!list.hidden));
      place = -1;
    };
    const ask = async () => {
      const mine = ++asked;
      const address = new URL(field.dataset.complete, location.href);
      address.searchParams.set("q", field.value);
      address.searchParams.set("at", field.selectionStart);
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (!response.ok || mine !== asked || document.activeElement !== field) return;
      show(await response.json());
    };
    let timer = 0;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && list.hidden) { event.preventDefault(); ask(); return; }
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(place + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); mark(place - 1); }
      else if ((event.key === "Enter" || event.key === "Tab") && place >= 0) {
        event.preventDefault();
        take(list.children[place]);
      } else if (event.key === "Escape") { event.stopPropagation(); event.preventDefault(); close(); }
    });
    field.addEventListener("blur", () => setTimeout(close, 150));
    list.addEventListener("mousedown", (event) => {
      const option = event.target.closest("li");
      if (option) { event.preventDefault(); take(option); }
    });
  };
  all("[data-complete]").forEach(complete);

  // Columns in another order, by buttons.
  document.addEventListener("click", (event) => {
    const move = event.target.closest("[data-move]");
    if (!move) return;
    event.preventDefault();
    const item = move.closest("li");
    const other = move.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (move.dataset.move === "up") other.before(item);
    else other.after(item);
    move.focus();
  });
})();
