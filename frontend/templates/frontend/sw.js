{# Served at /sw.js as one classic script (text/javascript, Cache-Control: no-cache, Service-Worker-Allowed: /). #}
{# Context: shell_version, a short text that changes with the help texts or lines, so that phones fetch them anew; discreet. #}
{% load static %}// Keeps an allow-list and nothing else: the static shell by content hash, /help/ and /offline/ as a stranger sees them
// (on a phone in discreet mode: under the neutral name).
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
  "{% static 'js/passkeys.js' %}",
  "{% static 'js/quiet.js' %}",
  "{% static 'js/clock.js' %}",
  "{% static 'js/comfort.js' %}",
  "{% static 'js/cover.js' %}",
  "{% static 'js/install.js' %}",
  "{% static 'js/memory.js' %}",
  "{% static 'js/saved.js' %}",
  "{% static 'js/still-open.js' %}",
  "{% static 'js/toasts.js' %}",
].map((address) => new URL(address, self.location.origin).href);
const PAGES = ["/help/", "/offline/"];
const LOOK = { "X-Look": "{% if discreet %}plain{% endif %}" };
const HASHED = /\.[0-9a-f]{12}\.\w+$/;
const NAME = `shell-{{ shell_version|escapejs }}-${SHELL.reduce((sum, address) => {
  for (const letter of address) sum = (Math.imul(sum, 31) + letter.codePointAt(0)) >>> 0;
  return sum;
}, 7).toString(36)}`;

const keep = async (address, init) => {
  const response = await fetch(new Request(address, init));
  // A redirect means that the page is not for strangers after all: then it has no place here.
  if (!response.ok || response.redirected) return;
  await (await caches.open(NAME)).put(address, response);
};

const fromShell = (address) => caches.match(address, { cacheName: NAME, ignoreSearch: true, ignoreVary: true });

self.addEventListener("install", (event) => {
  event.waitUntil(
    Promise.all([
      ...SHELL.map((address) => keep(address, { cache: "no-cache" })),
      // Without credentials: what a signed-in member would get here must not outlive their session.
      ...PAGES.map((address) => keep(address, { credentials: "omit", cache: "no-store", headers: LOOK })),
    ]).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

const page = async (request, path) => {
  try {
    return await fetch(request);
  } catch {
    return (await fromShell(path.startsWith("/help/") ? "/help/" : "/offline/")) ?? Response.error();
  }
};

const asset = async (request) => {
  if (HASHED.test(new URL(request.url).pathname)) return (await fromShell(request.url)) ?? fetch(request);
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
  if (request.mode === "navigate") event.respondWith(page(request, url.pathname));
  else if (SHELL.includes(url.origin + url.pathname)) event.respondWith(asset(request));
});
