/* Small comforts of the book. Every page reads and works without this file. */
(() => {
  "use strict";

  /* A link into a fold opens the fold. */
  const reveal = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = name && document.getElementById(name);
    if (!target) return;
    let folded = false;
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS" && !node.open) {
        node.open = true;
        folded = true;
      }
    }
    if (folded) target.scrollIntoView();
  };

  /* Choosing an answer shows its reason; the answers stay in their fold. */
  const ask = (form) => {
    const verdict = form.querySelector(".ml-verdict");
    const reasons = form.querySelectorAll(".ml-answers li");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => {
      const reason = reasons[Number(event.target.value) - 1];
      if (!reason) return;
      verdict.innerHTML = reason.innerHTML;
      verdict.dataset.right = reason.dataset.right;
    });
  };

  /* One choice of Change or Result serves all snippets of a page. */
  const follow = (event) => {
    const input = event.target;
    if (!input.classList || !input.classList.contains("ml-view")) return;
    const view = input.id.slice(input.id.lastIndexOf("-"));
    const before = input.getBoundingClientRect().top;
    for (const other of document.querySelectorAll(".ml-view")) {
      if (other.id.endsWith(view)) other.checked = true;
    }
    window.scrollBy(0, input.getBoundingClientRect().top - before);
  };

  /* The theme wraps wide tables and names no search dialog; keyboards and screen
     readers need both. The wraps come late, so watch for them. */
  const mend = () => {
    for (const wrap of document.querySelectorAll(".md-typeset__scrollwrap")) {
      if (wrap.tabIndex !== 0) wrap.tabIndex = 0;
    }
    /* One navigation landmark for each copy button drowns the real ones. */
    for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) {
      nav.setAttribute("role", "group");
    }
    const search = document.querySelector(".md-search[role=dialog]");
    if (search && !search.hasAttribute("aria-label")) {
      search.setAttribute("aria-label", "Search");
    }
  };

  const start = () => {
    mend();
    new MutationObserver(mend).observe(document.body, {
      childList: true,
      subtree: true,
    });
    document.querySelectorAll(".ml-question").forEach(ask);
    document.addEventListener("change", follow);
    window.addEventListener("hashchange", reveal);
    reveal();
  };

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
