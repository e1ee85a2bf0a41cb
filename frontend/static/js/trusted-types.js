// @ts-check
// The one policy the content security policy allows. Swapped HTML comes from our own templates; a script in it never does.
(() => {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  if (!types?.createPolicy) return;
  types.createPolicy("default", {
    /** @param {string} html */
    createHTML(html) {
      if (/<script/i.test(html)) throw new TypeError("refused: markup with a script");
      return html;
    },
    /** @param {string} url */
    createScriptURL(url) {
      const target = new URL(url, location.href);
      if (target.origin === location.origin && target.pathname === "/sw.js") return url;
      throw new TypeError("refused: script address");
    },
  });
})();
