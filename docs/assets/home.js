/* The panel of the home page: sends requests to /api and shows both sides. It makes
   a guest's account of its own, and keeps the token for this tab. Where the site is
   served without the API, it says so and sends nothing else. */
(() => {
  "use strict";

  const panel = document.querySelector("[data-try]");
  if (!panel) return;
  const part = (name) => panel.querySelector(`[data-try-${name}]`);
  const input = panel.querySelector("input");
  const api = new URL("/api/notes", location.href);

  let token = sessionStorage.getItem("microlith-token");

  const say = (text) => { part("state").textContent = text; };

  /* A 404 would stand in the console as an error, so ask the page itself: Microlith
     names its service in a Link header. */
  const isLive = async () => {
    if (!location.protocol.startsWith("http")) return false;
    try {
      const page = await fetch(location.pathname, { method: "HEAD" });
      await page.text();
      return /rel="service"/.test(page.headers.get("link") || "");
    } catch {
      return false;
    }
  };

  const pretty = (text) => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  };

  const wire = (first, headers, body) =>
    [first, ...headers, "", body].join("\n").trimEnd();

  /* Send one request and show it; null when the server cannot be reached. */
  const call = async (method, url, body) => {
    const headers = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const options = { method, headers, body };
    const sent = ["authorization: Bearer …"];
    if (body !== undefined) sent.push("content-type: application/json");
    part("request").textContent = wire(`${method} ${url.pathname}`, sent, body || "");
    try {
      const response = await fetch(url, options);
      const text = await response.text();
      const shown = ["content-type", "location"]
        .filter((name) => response.headers.has(name))
        .map((name) => `${name}: ${response.headers.get(name)}`);
      const first = `${response.status} ${response.statusText}`.trim();
      part("response").textContent = wire(first, shown, pretty(text));
      say(`${method} ${url.pathname} was answered with ${first}.`);
      return { ok: response.ok, status: response.status, data: text ? JSON.parse(text) : null };
    } catch {
      part("response").textContent = "No answer";
      say("The server does not answer. Is make serve still running?");
      return null;
    }
  };

  const problem = (text) => {
    part("problem").textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };

  const row = (note) => {
    const item = document.createElement("li");
    const text = document.createElement("span");
    const button = document.createElement("button");
    text.textContent = note.text;
    button.type = "button";
    button.textContent = "Delete";
    button.setAttribute("aria-label", `Delete note ${note.id}: ${note.text}`);
    button.addEventListener("click", () => remove(note, item));
    item.append(text, button);
    return item;
  };

  const list = async () => {
    const answer = await call("GET", api);
    if (answer && answer.ok) part("notes").replaceChildren(...answer.data.map(row));
    return answer;
  };

  const add = async (event) => {
    event.preventDefault();
    problem("");
    const body = JSON.stringify({ text: input.value });
    const answer = await call("POST", api, body);
    if (!answer) return;
    if (answer.ok) {
      part("notes").prepend(row(answer.data));
      input.value = "";
    } else {
      const { errors, detail, title } = answer.data;
      problem(errors ? errors.map((one) => one.msg).join(". ") : detail || title);
    }
    input.focus();
  };

  const remove = async (note, item) => {
    const answer = await call("DELETE", new URL(`/api/notes/${note.id}`, api));
    if (!answer) return;
    const next = item.nextElementSibling || item.previousElementSibling;
    item.remove();
    (next ? next.querySelector("button") : input).focus();
  };

  /* Post what must succeed; gives the JSON of the answer. */
  const post = async (path, body) => {
    const headers = { "content-type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(new URL(`/api/${path}`, api), options);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  };

  /* Make an account that nobody else knows, and log in. */
  const join = async () => {
    const random = crypto.getRandomValues(new Uint32Array(6));
    const secret = Array.from(random, (n) => n.toString(36)).join("");
    const name = `guest-${secret.slice(0, 10)}`;
    await post("accounts", { name, mail: "guest@localhost", password: secret });
    token = (await post("tokens", { name, password: secret })).token;
    sessionStorage.setItem("microlith-token", token);
  };

  const start = async () => {
    if (!(await isLive())) {
      say("This copy of the site is served without the API. Run make serve in the " +
        "repository to try the panel.");
      return;
    }
    try {
      if (!token) await join();
    } catch {
      say("The API does not let a guest in. Is make serve of this version running?");
      return;
    }
    part("live").hidden = false;
    part("form").addEventListener("submit", add);
    part("list").addEventListener("click", list);
    const answer = await list();
    if (answer && answer.status === 401) {
      // The token is over, or of another database: come in again.
      await join();
      await list();
    }
    say("Live: Microlith answers this panel.");
  };

  start();
})();
