// @ts-check
// Switching reminders on: the browser asks for permission, and only after a tap. Everything else on the page is a form.

const asking = document.querySelector("form[data-push-key]");

/** @param {string} name */
function say(name) {
  for (const words of document.querySelectorAll("[data-push-says]")) {
    if (words instanceof HTMLElement) words.hidden = words.dataset.pushSays !== name;
  }
}

/** @param {string} key */
function bytes(key) {
  const text = atob(key.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(key.length / 4) * 4, "="));
  return Uint8Array.from(text, (sign) => sign.codePointAt(0) ?? 0);
}

/** @param {PushSubscription} subscription @param {Uint8Array} key */
function isFor(subscription, key) {
  const known = subscription.options.applicationServerKey;
  return known && new Uint8Array(known).join() === key.join();
}

/** @param {string} key */
async function subscribe(key) {
  const wanted = bytes(key);
  const { pushManager } = await navigator.serviceWorker.ready;
  const known = await pushManager.getSubscription();
  if (known && isFor(known, wanted)) return known;
  await known?.unsubscribe(); // it was made for a key that we do not have any more
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
}

/** @param {HTMLFormElement} form */
async function switchOn(form) {
  if ((await Notification.requestPermission()) !== "granted") {
    say("refused");
    return;
  }
  const { endpoint, keys } = (await subscribe(form.dataset.pushKey ?? "")).toJSON();
  for (const [name, value] of Object.entries({ endpoint, p256dh: keys?.p256dh, auth: keys?.auth })) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value ?? "";
  }
  form.submit();
}

if (asking instanceof HTMLFormElement) {
  if ("PushManager" in globalThis && "serviceWorker" in navigator && "Notification" in globalThis) {
    say("");
    asking.hidden = false;
    asking.addEventListener("submit", (event) => {
      event.preventDefault();
      switchOn(asking).catch(() => say("failed"));
    });
  } else if ("standalone" in navigator) {
    say("home");
  }
}
