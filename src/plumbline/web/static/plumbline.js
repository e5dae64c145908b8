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

  // Peek: the detail of a row beside the list; the address tells which, so that it can be shared.
  let peekedFrom = null, stepping = false;
  const panel = () => { const found = find("#peek"); return found && found.firstElementChild ? found : null; };
  const addressed = (key) => {
    const address = new URL(location.href);
    if (key) address.searchParams.set("peek", key);
    else address.searchParams.delete("peek");
    history.replaceState(history.state, "", address);
  };
  const closePeek = () => {
    const open = panel();
    if (!open) return false;
    open.replaceChildren();
    addressed("");
    if (peekedFrom) peekedFrom.focus();
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-peek]");
    if (!link) return;
    addressed(link.pathname.split("/").pop());
    if (!stepping) peekedFrom = link;
  }, true);
  document.addEventListener("htmx:after:swap", () => {
    if (matchMedia("(max-width: 75rem)").matches) {
      // Beside the list there is no room: what is chosen stays open, the rest folds up.
      const none = matchMedia("(max-width: 40rem)").matches;
      for (const one of all(".facets details[open]")) one.open = !none && Boolean(find(".on", one));
    }
    const open = panel();
    if (open && peekedFrom && !stepping) {
      const close = find("[data-close-peek]", open);
      if (close) close.focus();
    }
    stepping = false;
  });
  const wanted = new URLSearchParams(location.search).get("peek") || "";
  if (find("#peek") && /^[0-9a-f]{32}$/.test(wanted)) {
    addEventListener("load", () => {
      const link = find("[data-peek]");
      if (!link) return;
      peekedFrom = all("[data-peek]").find((one) => one.pathname.endsWith(`/${wanted}`)) || link;
      htmx.ajax("GET", link.pathname.replace(/[^/]*$/, wanted), { target: "#peek", swap: "innerHTML" });
    });
  }

  // Rows by keyboard: one is selected, and any number can be picked to be looked at alone.
  const rows = () => all("tr[data-row]");
  const selected = () => find("tr.selected");
  const step = (by) => {
    const list = rows();
    if (!list.length) return;
    const now = list.indexOf(selected());
    const next = list[Math.min(list.length - 1, Math.max(0, now + by))];
    if (list[now]) list[now].classList.remove("selected");
    next.classList.add("selected");
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    const look = panel() && find("[data-peek]", next);
    if (look) { stepping = true; peekedFrom = next; look.click(); }
  };
  const follow = (selector) => {
    const link = find(selector, selected() || document);
    if (link) link.click();
  };
  const open = () => {
    const row = selected();
    const link = row && (find("[data-peek]", row) || find("a", row));
    if (link) location.assign(link.href);
  };
  const pick = () => {
    const box = selected() && find("[data-pick]", selected());
    if (box) { box.checked = !box.checked; picked(); }
  };
  const picked = () => {
    const link = find("#picked");
    const boxes = all("[data-pick]:checked");
    link.hidden = !boxes.length;
    for (const box of all("[data-pick]")) box.closest("tr").classList.toggle("picked", box.checked);
    if (!boxes.length) return;
    const address = new URL(link.href);
    address.searchParams.set("q", `${boxes[0].dataset.pick}:${boxes.map((one) => one.value).join(",")}`);
    link.href = address;
    link.textContent = boxes.length === 1 ? "Only the picked one" : `Only the ${boxes.length} picked`;
  };
  document.addEventListener("change", (event) => { if (event.target.matches("[data-pick]")) picked(); });
  if (find("#picked")) picked();

  const shown = (dialog) => {
    if (dialog && !dialog.open) dialog.showModal();
    else if (dialog) dialog.close();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-keys]")) shown(find("#keys"));
    // A click beside a dialog closes it.
    if (event.target.matches("dialog[open]")) event.target.close();
  });
  let waiting = "";
  const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const acts = {
    "/": () => { const field = find("#q"); if (field) { field.focus(); field.select(); } },
    "?": () => shown(find("#keys")),
    j: () => step(1),
    k: () => step(-1),
    o: () => follow("[data-peek]"),
    x: pick,
    e: () => { const menu = find("details.menu[data-export]"); if (menu) { menu.open = !menu.open; find("a", menu).focus(); } },
  };
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && find("#palette")) {
      event.preventDefault();
      shown(find("#palette"));
      return;
    }
    if (find("dialog[open]")) {
      // A dialog takes Escape itself; of the single keys only its own closes it.
      if (event.key === "?" && !typing(event.target)) { event.preventDefault(); find("dialog[open]").close(); }
      return;
    }
    if (event.key === "Escape") {
      let closed = false;
      for (const one of all("details.menu[open], details.how[open]")) {
        one.open = false;
        closed = true;
        find("summary", one).focus();
      }
      if (!closed) closePeek();
      return;
    }
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) return;
    if (event.key === "Enter" && event.target.matches("tr[data-row]")) { event.preventDefault(); open(); return; }
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
  for (const keys of all("#keys-off, [data-keys-off]")) {
    keys.checked = root.dataset.keys === "off";
    keys.addEventListener("change", () => {
      root.dataset.keys = keys.checked ? "off" : "on";
      remember("keys", root.dataset.keys);
    });
  }

  // The palette: pages by their names, and what is looked for in each list. Nothing is asked before
  // a choice is made.
  const palette = (dialog) => {
    const field = find("input", dialog), list = find("ul", dialog);
    let place = 0, found = [];
    const pages = all("header.top nav a").map((one) => ({ text: one.textContent.trim(), doc: "page", href: one.href }));
    const acting = [
      { text: "Light colours", doc: "theme", button: "[data-choose-theme=light]" },
      { text: "Dark colours", doc: "theme", button: "[data-choose-theme=dark]" },
      { text: "Keys", doc: "help", button: "[data-show-keys]" },
    ];
    const listed = (page, query) => `${dialog.dataset[page]}?${new URLSearchParams({ q: query })}`;
    const named = (text) => {
      const told = [];
      if (/^cve-\d{4}-\d+$/i.test(text)) told.push({ text: text.toUpperCase(), doc: "CVE", href: dialog.dataset.cve.replace("NAME", text.toUpperCase()) });
      if (/^\d{4,9}$/.test(text)) told.push({ text: `Plugin ${text}`, doc: "vulnerability", href: dialog.dataset.plugin.replace(/0$/, text) });
      if (/^[\d.]+(\/\d+)?$/.test(text) && text.includes(".")) told.push({ text: `Hosts at ${text}`, doc: "address", href: listed("hosts", `ip:${text}`) });
      return told;
    };
    const sought = (text) => {
      const quoted = `"${text.replace(/["\\]/g, " ").trim()}"`;
      return [
        { text: `Hosts with “${text}”`, doc: "hosts", href: listed("hosts", quoted) },
        { text: `Vulnerabilities with “${text}”`, doc: "vulnerabilities", href: listed("vulnerabilities", quoted) },
        { text: `Open findings with “${text}”`, doc: "findings", href: listed("findings", `state:active ${quoted}`) },
        { text: `Asset lists with “${text}”`, doc: "asset lists", href: listed("lists", quoted) },
      ];
    };
    const mark = (to) => {
      const options = [...list.children];
      if (!options.length) return;
      place = (to + options.length) % options.length;
      options.forEach((one, n) => one.setAttribute("aria-selected", String(n === place)));
      field.setAttribute("aria-activedescendant", options[place].id);
      options[place].scrollIntoView({ block: "nearest" });
    };
    const show = () => {
      const text = field.value.trim();
      const fits = [...pages, ...acting].filter((one) => one.text.toLowerCase().includes(text.toLowerCase()));
      found = text ? [...named(text), ...fits, ...sought(text)] : fits;
      list.replaceChildren(...found.map((one, n) => {
        const option = document.createElement("li");
        option.id = `palette-${n}`;
        option.setAttribute("role", "option");
        const name = document.createElement("strong"), doc = document.createElement("span");
        name.textContent = one.text;
        doc.textContent = one.doc;
        option.append(name, doc);
        return option;
      }));
      mark(0);
    };
    const take = (n) => {
      const one = found[n];
      dialog.close();
      if (!one) return;
      if (one.href) location.assign(one.href);
      else find(one.button).click();
    };
    field.addEventListener("input", show);
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); mark(place + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); mark(place - 1); }
      else if (event.key === "Enter") { event.preventDefault(); take(place); }
    });
    list.addEventListener("click", (event) => {
      const option = event.target.closest("li");
      if (option) take([...list.children].indexOf(option));
    });
    new MutationObserver(() => {
      if (dialog.open) { field.value = ""; show(); field.focus(); }
    }).observe(dialog, { attributes: true, attributeFilter: ["open"] });
  };
  all("#palette").forEach(palette);

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
      // What was offered, or is on its way, was for another text: taken now, it would garble this one.
      asked += 1;
      close();
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
