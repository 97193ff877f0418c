// Keeps the page live: puts in place what the server draws and sends, and says how old it is.
// Without it the page works all the same and refreshes itself.
"use strict";

(() => {
  const RETRY_MILLISECONDS = 2000;
  const TYPING_MILLISECONDS = 200;

  const main = document.querySelector("main");
  const age = document.getElementById("age");
  const lost = document.getElementById("lost");

  let stream = null;
  let heardAt = Date.now(); // when the last message came
  let dataAt = null; // when its data was read, by the clock of this browser
  let staleAfter = 15000;
  let retry = 0;

  function connect() {
    clearTimeout(retry);
    stream?.close();
    const url = new URL(main.dataset.stream, document.baseURI);
    for (const [name, value] of new URLSearchParams(location.search)) {
      url.searchParams.append(name, value);
    }
    stream = new EventSource(url);
    stream.addEventListener("page", (message) => show(JSON.parse(message.data)));
    stream.addEventListener("error", () => {
      // A refused stream is not tried again by the browser itself.
      if (stream.readyState === EventSource.CLOSED) {
        clearTimeout(retry);
        retry = setTimeout(connect, RETRY_MILLISECONDS);
      }
      tell();
    });
  }

  function show(page) {
    heardAt = Date.now();
    dataAt = page.age_seconds === null ? null : heardAt - 1000 * page.age_seconds;
    staleAfter = 1000 * page.stale_after_seconds;
    document.title = page.title;
    const fresh = document.createElement("template");
    fresh.innerHTML = page.html;
    const focused = document.activeElement;
    patchChildren(main, fresh.content);
    if (focused !== document.activeElement && focused?.isConnected) {
      focused.focus({ preventScroll: true });
    }
    tell();
  }

  // -- what is live and what is not ----------------------------------------------------

  function tell() {
    const now = Date.now();
    const cut = stream?.readyState !== EventSource.OPEN || now - heardAt > staleAfter;
    const old = dataAt === null || now - dataAt > staleAfter;
    let words = dataAt === null ? "part of the data is missing" : `data ${duration(now - dataAt)} old`;
    if (cut) {
      words = `not live · ${words}`;
    } else if (!old) {
      words = `live · ${words}`;
    }
    write(age, words);
    age.classList.toggle("stale", cut || old);
    age.classList.toggle("live", !cut && !old);
    document.body.classList.toggle("cut", cut);
    const at = new Date(heardAt).toISOString().slice(11, 19);
    write(lost, cut ? `The monitor does not answer. What stands here was true at ${at} UTC.` : "");
    lost.hidden = !cut;
  }

  function write(element, text) {
    // A text that stays is not written again: screen readers would read it again.
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }

  function duration(milliseconds) {
    const seconds = Math.max(0, Math.round(milliseconds / 1000));
    if (seconds < 60) return `${seconds}s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
    return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
  }

  // -- making one tree like another, and leaving alone what is the same ----------------
  // Whoever selects a text, follows a link by keyboard or has opened a list keeps it.

  function key(node) {
    return node.nodeType === Node.ELEMENT_NODE ? node.id || node.getAttribute("data-key") : null;
  }

  function patchChildren(parent, fresh) {
    const keyed = new Map();
    for (const child of parent.children) {
      if (key(child)) keyed.set(key(child), child);
    }
    let place = parent.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const old = key(wanted) ? keyed.get(key(wanted)) : place;
      if (!old || old.nodeName !== wanted.nodeName || key(old) !== key(wanted)) {
        parent.insertBefore(wanted, place);
        continue;
      }
      if (old === place) {
        place = place.nextSibling;
      } else {
        parent.insertBefore(old, place);
      }
      patch(old, wanted);
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function patch(old, wanted) {
    if (old.isEqualNode(wanted)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = wanted.nodeValue;
      return;
    }
    for (const { name, value } of wanted.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !wanted.hasAttribute(name)) old.removeAttribute(name);
    }
    patchChildren(old, wanted);
  }

  // -- the filter, as one types --------------------------------------------------------

  let typing = 0;

  function filter() {
    const input = document.getElementById("filter");
    const query = new URLSearchParams(input.value ? { q: input.value } : {});
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
    connect();
  }

  main.addEventListener("input", (event) => {
    if (event.target.id !== "filter") return;
    clearTimeout(typing);
    typing = setTimeout(filter, TYPING_MILLISECONDS);
  });
  main.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    filter();
  });
  document.addEventListener("keydown", (event) => {
    const input = document.getElementById("filter");
    const busy = event.target.closest("input, textarea, select");
    if (event.key === "/" && input && !busy && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  });

  window.addEventListener("pagehide", () => stream?.close());
  window.addEventListener("pageshow", (event) => event.persisted && connect());
  setInterval(tell, 1000);
  connect();
})();
