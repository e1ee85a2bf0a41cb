// @ts-check
// HPKE, RFC 9180, base mode, single shot: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. It seals to the server's
// public key, with a key pair that lives for one message: the phone cannot open again what it sealed.
import { join } from "./bytes.js";

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const HASH_LENGTH = 32;
const NONCE_LENGTH = 12;
const NOTHING = new Uint8Array();
/** What follows from the choice of AEAD: its number in the RFC's registry, and its key's length in bytes. */
export const AES_256_GCM = { id: 2, keyLength: 32 };

const two = (/** @type {number} */ n) => Uint8Array.of(n >> 8, n & 255);
const KEM_SUITE = join("KEM", two(0x0010));

/** @param {Uint8Array} key @param {Uint8Array} data */
async function hmac(key, data) {
  const how = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", /** @type {BufferSource} */ (key), how, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, /** @type {BufferSource} */ (data)));
}

/** @param {Uint8Array} suite @param {Uint8Array} salt @param {string} label @param {Uint8Array} secret */
function extract(suite, salt, label, secret) {
  // No salt is a salt of zeros (RFC 5869, 2.2); browsers refuse an empty key.
  return hmac(salt.length ? salt : new Uint8Array(HASH_LENGTH), join("HPKE-v1", suite, label, secret));
}

/**
 * One block of HKDF is enough here: nothing longer than the hash is asked for.
 * @param {Uint8Array} suite @param {Uint8Array} key @param {string} label @param {Uint8Array} info @param {number} length
 */
async function expand(suite, key, label, info, length) {
  const block = await hmac(key, join(two(length), "HPKE-v1", suite, label, info, Uint8Array.of(1)));
  return block.slice(0, length);
}

/** The secret both sides share, and what the other side needs for it (RFC 9180, 4.1). @param {Uint8Array} pub @param {CryptoKeyPair} own */
async function encapsulate(pub, own) {
  const theirs = await crypto.subtle.importKey("raw", /** @type {BufferSource} */ (pub), CURVE, true, []);
  const dh = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256));
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const prk = await extract(KEM_SUITE, NOTHING, "eae_prk", dh);
  return { enc, shared: await expand(KEM_SUITE, prk, "shared_secret", join(enc, pub), HASH_LENGTH) };
}

/** Key and nonce of the one message (RFC 9180, 5.1, base mode). @param {Uint8Array} shared @param {Uint8Array} info @param {typeof AES_256_GCM} aead */
async function schedule(shared, info, aead) {
  const suite = join("HPKE", two(0x0010), two(0x0001), two(aead.id));
  const context = join(
    Uint8Array.of(0),
    await extract(suite, NOTHING, "psk_id_hash", NOTHING),
    await extract(suite, NOTHING, "info_hash", info),
  );
  const secret = await extract(suite, shared, "secret", NOTHING);
  return {
    key: await expand(suite, secret, "key", context, aead.keyLength),
    nonce: await expand(suite, secret, "base_nonce", context, NONCE_LENGTH),
  };
}

/**
 * `enc || ciphertext || tag`. *ephemeral* and *aead* are for the vectors of the RFC alone.
 * @param {{ pub: Uint8Array, info: Uint8Array, aad: Uint8Array, text: Uint8Array, ephemeral?: CryptoKeyPair, aead?: typeof AES_256_GCM }} what
 */
export async function seal({ pub, info, aad, text, ephemeral, aead = AES_256_GCM }) {
  const own = ephemeral ?? (await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]));
  const { enc, shared } = await encapsulate(pub, own);
  const { key, nonce } = await schedule(shared, info, aead);
  const aes = await crypto.subtle.importKey("raw", /** @type {BufferSource} */ (key), "AES-GCM", false, ["encrypt"]);
  const how = { name: "AES-GCM", iv: nonce, additionalData: /** @type {BufferSource} */ (aad) };
  const sealed = await crypto.subtle.encrypt(how, aes, /** @type {BufferSource} */ (text));
  return join(enc, new Uint8Array(sealed));
}
