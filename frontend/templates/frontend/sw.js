{# Served at /sw.js as one classic script (text/javascript, Cache-Control: no-cache, Service-Worker-Allowed: /). #}
{# Context: shell_version, a short text that changes with the help texts or lines, so that phones fetch them anew; discreet. #}
{# sw_outbox.js: where the view puts the shared modules in; pending_cookie, kit_cookie. #}
{% load static %}// Keeps an allow-list and nothing else: the static shell by content hash, and four pages as a stranger sees them (on a
// phone in discreet mode: under the neutral name).
// The Cache API ignores `no-store`, so no other response may ever be put into it: no page of a family, no API answer.
"use strict";

// A worker has trusted types of its own; this one imports one script, and its address is written here.
const PUSH = "{% static 'js/push-worker.js' %}";
importScripts(self.trustedTypes?.createPolicy("default", { createScriptURL: () => PUSH }).createScriptURL(PUSH) ?? PUSH);

const SHELL = [
  "{% static 'css/tokens.css' %}",
  "{% static 'css/base.css' %}",
  "{% static 'css/components.css' %}",
  "{% static 'icons/icons.svg' %}",
  "{% static 'icons/favicon.svg' %}",
  "{% static 'icons/notes.svg' %}",
  "{% static 'django_htmx/htmx-2.min.js' %}",
  "{% static 'js/trusted-types.js' %}",
  "{% static 'js/app.js' %}",
  "{% static 'js/clock.js' %}",
  "{% static 'js/comfort.js' %}",
  "{% static 'js/cover.js' %}",
  "{% static 'js/install.js' %}",
  "{% static 'js/log-shell.js' %}",
  "{% static 'js/log.js' %}",
  "{% static 'js/memory.js' %}",
  "{% static 'js/outbox.js' %}",
  "{% static 'js/outbox/bytes.js' %}",
  "{% static 'js/outbox/database.js' %}",
  "{% static 'js/outbox/draft.js' %}",
  "{% static 'js/outbox/fields.js' %}",
  "{% static 'js/outbox/flush.js' %}",
  "{% static 'js/outbox/form.js' %}",
  "{% static 'js/outbox/here-saved.js' %}",
  "{% static 'js/outbox/here.js' %}",
  "{% static 'js/outbox/hpke.js' %}",
  "{% static 'js/outbox/kit.js' %}",
  "{% static 'js/outbox/leave.js' %}",
  "{% static 'js/outbox/line.js' %}",
  "{% static 'js/outbox/outdated.js' %}",
  "{% static 'js/outbox/save.js' %}",
  "{% static 'js/outbox/sending.js' %}",
  "{% static 'js/outbox/session.js' %}",
  "{% static 'js/outbox/shell.js' %}",
  "{% static 'js/outbox/store.js' %}",
  "{% static 'js/outbox/uuid7.js' %}",
  "{% static 'js/passkeys.js' %}",
  "{% static 'js/quiet.js' %}",
  "{% static 'js/saved.js' %}",
  "{% static 'js/sheet.js' %}",
  "{% static 'js/stay.js' %}",
  "{% static 'js/still-open.js' %}",
  "{% static 'js/toasts.js' %}",
  "{% static 'js/waiting.js' %}",
].map((address) => new URL(address, self.location.origin).href);
const PAGES = ["/help/", "/offline/", "/waiting/", "/log/offline/"];
const LOOK = { "X-Look": "{% if discreet %}plain{% endif %}" };
const HASHED = /\.[0-9a-f]{12}\.\w+$/;
const NAME = `shell-{{ shell_version|escapejs }}-${SHELL.reduce((sum, address) => {
  for (const letter of address) sum = (Math.imul(sum, 31) + letter.codePointAt(0)) >>> 0;
  return sum;
}, 7).toString(36)}`;

const keep = async (address, init) => {
  const response = await fetch(new Request(address, init));
  // A redirect means that the page is not for strangers after all: then it has no place here.
  if (response.redirected) return;
  // Half a shell is worse than the one before, which stays: the browser tries again.
  if (!response.ok) throw new Error(`${response.status}: ${address}`);
  await (await caches.open(NAME)).put(address, response);
};

const fromShell = (address) => caches.match(address, { cacheName: NAME, ignoreSearch: true, ignoreVary: true });

// One after the other: the page that is being used needs the connection more than what is kept for later.
const keepShell = async () => {
  for (const address of SHELL) await keep(address, { cache: "no-cache" });
  // Without credentials: what a signed-in member would get here must not outlive their session.
  for (const address of PAGES) await keep(address, { credentials: "omit", cache: "no-store", headers: LOOK });
};

self.addEventListener("install", (event) => event.waitUntil(keepShell().then(() => self.skipWaiting())));

// A new worker takes over at once and reloads nothing: a half-typed form stays as it is. The shell before this one stays as
// long, for pages that are still open and may ask for another of their modules.
self.addEventListener("activate", (event) => {
  const drop = async () => {
    const others = (await caches.keys()).filter((name) => name !== NAME);
    await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  };
  event.waitUntil(drop().then(() => self.clients.claim()));
});

// --- Pages and files -----------------------------------------------------------------------------------------------------
const SLOW = 4_000;
const MORE = /^\/moments\/[0-9a-f-]{36}\/more\/$/;

const kept = (path) => {
  if (path.startsWith("/help/")) return "/help/";
  if (path === "/log/" || MORE.test(path)) return "/log/offline/";
  return path === "/waiting/" ? path : "/offline/";
};

const page = async (request, path) => {
  try {
    // While a signing out is owed, no page may be asked for in the name of the one who left.
    if (!(await settleLeaving())) throw new Error("owed");
    // A connection that is there in name only must not stand between a parent and the log form.
    if (path !== "/log/" || !(await new Phone().account().catch(() => ""))) return await fetch(request);
    const answer = await Promise.race([fetch(request), new Promise((_, late) => setTimeout(late, SLOW, new Error("slow")))]);
    // Nor must a server without its database: what is noted meanwhile waits here.
    if (answer.status === 503) throw new Error("out of service");
    return answer;
  } catch {
    return (await fromShell(kept(path))) ?? Response.error();
  }
};

const asset = async (request) => {
  // A name with a hash means the same in every shell: an open page of the version before finds its files here too.
  if (HASHED.test(new URL(request.url).pathname)) return (await caches.match(request.url)) ?? fetch(request);
  try {
    return await fetch(request);
  } catch {
    return (await fromShell(request.url)) ?? Response.error();
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(page(request, url.pathname));
    event.waitUntil(purge());
  } else if (SHELL.includes(url.origin + url.pathname) || HASHED.test(url.pathname)) event.respondWith(asset(request));
});

{% include "frontend/sw_outbox.js" %}
