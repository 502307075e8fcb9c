// Small manners for native elements. Everything listens on the document, so parts that htmx swaps in need no set-up.
(() => {
  "use strict";
  const announcer = document.getElementById("announcer");
  const openMenus = () => document.querySelectorAll("details.menu[open]");

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const text = "value" in source ? source.value : source.textContent.trim();
    const done = await write(text, source);
    const words = done ? announcer.dataset.copied : announcer.dataset.copyByHand;
    announcer.textContent = "";
    requestAnimationFrame(() => (announcer.textContent = words));
    if (button.dataset.label) return;
    button.dataset.label = button.innerHTML;
    button.style.minWidth = `${button.offsetWidth}px`; // nothing beside it moves
    button.textContent = words;
    setTimeout(() => {
      button.innerHTML = button.dataset.label;
      delete button.dataset.label;
    }, 2000);
  }

  // Browsers offer the clipboard only on https and localhost. Elsewhere the old command, and else the reader's own Ctrl+C.
  async function write(text, source) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      try {
        return document.execCommand("copy");
      } catch {
        return false;
      }
    }
  }

  function openDialog(button) {
    const menu = button.closest("details.menu");
    if (menu) {
      // The browser gives the focus back to whoever had it: that must not be a button in a closed menu.
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    document.getElementById(button.dataset.dialogOpen).showModal();
  }

  // Fixed to the window, so that a menu in a table that scrolls is not cut off.
  function place(menu) {
    const items = menu.querySelector(".menu-items");
    const button = menu.querySelector("summary").getBoundingClientRect();
    Object.assign(items.style, { position: "fixed", inset: "auto" });
    const below = button.bottom + 4 + items.offsetHeight <= innerHeight || button.top < items.offsetHeight;
    items.style.top = `${below ? button.bottom + 4 : button.top - 4 - items.offsetHeight}px`;
    items.style.left = `${Math.max(8, Math.min(button.right, document.documentElement.clientWidth - 8) - items.offsetWidth)}px`;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-dialog-open], [data-dialog-close]");
    if (button?.dataset.copy) copy(button);
    else if (button?.dataset.dialogOpen) openDialog(button);
    else if (button) button.closest("dialog").close();
    openMenus().forEach((menu) => menu.contains(event.target) || (menu.open = false));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    openMenus().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  document.addEventListener("toggle", (event) => event.target.matches("details.menu[open]") && place(event.target), true);
  for (const name of ["scroll", "resize"]) addEventListener(name, () => openMenus().forEach(place), { capture: true, passive: true });

  // A session that ends while somebody types must not cost what was typed. It stays in this tab until another page than the one
  // to log in comes; with the versions the page was opened with, so that changes of others meanwhile are still noticed.
  const TYPED = "typed";
  const isKept = (field) => field.name && field.name !== "csrfmiddlewaretoken" && !["password", "file", "submit", "button"].includes(field.type);

  function keepTyped(form) {
    sessionStorage.removeItem(TYPED);
    const fields = [...form.elements].filter(isKept);
    if (form.method !== "post" || !form.closest("main") || !fields.some((field) => field.type !== "hidden")) return;
    const values = fields.map(({ name, type, value, checked }) => ({ name, type, value, checked }));
    sessionStorage.setItem(TYPED, JSON.stringify({ path: location.pathname, values }));
  }

  function fillIn({ values }) {
    const fields = [...document.querySelectorAll("main form[method=post]")].flatMap((form) => [...form.elements]).filter(isKept);
    for (const { name, type, value, checked } of values) {
      const isChoice = type === "checkbox" || type === "radio";
      const field = fields.find((one) => one.name === name && one.type === type && (!isChoice || one.value === value));
      if (field && isChoice) field.checked = checked;
      else if (field) field.value = value;
    }
  }

  function tellRestored() {
    const notice = document.createElement("div");
    notice.className = "notice warning";
    notice.setAttribute("role", "status");
    notice.textContent = announcer.dataset.restored;
    document.querySelector("main form[method=post]").before(notice);
  }

  function restoreTyped() {
    const typed = JSON.parse(sessionStorage.getItem(TYPED));
    if (!typed) return;
    const interrupted = document.querySelector("[data-interrupted]");
    if (interrupted) {
      interrupted.hidden = false;
      sessionStorage.setItem(TYPED, JSON.stringify({ ...typed, interrupted: true }));
    } else {
      sessionStorage.removeItem(TYPED);
      if (!typed.interrupted || typed.path !== location.pathname) return;
      fillIn(typed);
      tellRestored();
    }
  }

  document.addEventListener("submit", (event) => document.querySelector("[data-interrupted]") || keepTyped(event.target));
  addEventListener("pageshow", restoreTyped); // also for a page that Back brings as it was

  const isPolled = (element) => element.getAttribute("hx-trigger")?.includes("every");

  // Nobody looks, or somebody is just choosing in there: the next turn comes soon enough.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (isPolled(elt) && (document.hidden || elt.querySelector("details.menu[open], dialog[open]"))) event.preventDefault();
  });

  // A session that ended answers with the login page: show that as a page, not inside a part of this one.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, xhr, pathInfo } = event.detail;
    if (!isPolled(elt) || !xhr.responseURL) return;
    const answered = new URL(xhr.responseURL).pathname;
    if (answered === new URL(pathInfo.requestPath, location.href).pathname) return;
    event.preventDefault();
    location.reload();
  });
})();

// The match table: a decision swaps its row, and the keyboard goes from row to row.
(() => {
  "use strict";
  const SEARCH = "/";
  const DECISIONS = ["l", "n", "o", "u"];
  const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
  const isTyping = ({ target }) => target.matches("textarea, select, input:not([type=checkbox])");
  const rows = () => [...document.querySelectorAll("tr[data-row]")];
  const goTo = (row) => (row?.querySelector("[data-key]") ?? row?.querySelector("a, button, input"))?.focus();

  function step(row, by) {
    const all = rows();
    goTo(row ? all[all.indexOf(row) + by] : all[0]);
  }

  document.addEventListener("keydown", (event) => {
    const region = event.target.closest("#match");
    const row = event.target.closest("tr[data-row]");
    if (!region || event.ctrlKey || event.altKey || event.metaKey || isTyping(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key in STEPS) step(row, STEPS[key]);
    else if (row && key === SEARCH) document.getElementById("match-search").focus();
    else if (row && DECISIONS.includes(key)) row.querySelector(`[data-key=${key}]`)?.click();
    else return;
    event.preventDefault();
  });

  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-tick-all]")) return;
    for (const box of document.querySelectorAll("tr[data-row] [name=link]")) box.checked = target.checked;
  });

  // A button that posts when nobody runs scripts, and asks first when somebody does.
  document.addEventListener("click", (event) => event.target.closest("[type=submit][data-dialog-open]") && event.preventDefault());

  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const chooser = document.getElementById("choose");
    if (target.matches("tr[data-row]")) {
      if (chooser?.open) chooser.close();
      // Who was quicker than the answer is at another row by now, and stays there.
      if (!document.activeElement?.closest("tr[data-row]")) goTo(target);
      document.getElementById("announcer").textContent = target.dataset.said ?? "";
    } else if (chooser?.contains(target) && !chooser.open) chooser.showModal();
  });

  function tell(words) {
    const notice = document.createElement("div");
    notice.className = "notice error";
    notice.setAttribute("role", "alert");
    notice.textContent = words;
    table().prepend(notice);
  }

  // Who was logged out, may no longer do this, or asks for what is no longer there, is shown the page as it is now.
  const table = () => document.querySelector("#found[data-failed]");
  const isOfTable = ({ detail }) => table() && !detail.elt.getAttribute("hx-trigger")?.includes("every");

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    if (!isOfTable(event) || !xhr.responseURL) return;
    if (new URL(xhr.responseURL).pathname === new URL(pathInfo.requestPath, location.href).pathname && xhr.status < 400) return;
    event.preventDefault();
    if (xhr.status < 500) location.reload();
  });
  for (const name of ["htmx:sendError", "htmx:responseError"])
    document.addEventListener(name, (event) => {
      const { xhr } = event.detail;
      if (isOfTable(event) && (xhr.status === 0 || xhr.status >= 500)) tell(table().dataset.failed);
    });
})();
