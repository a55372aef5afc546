/**
 * A link that carries a saga itself, for somebody whose sagasim does not have it: /sagas/new#text=... The part behind
 * the hash is sent to no server. It is the text, compressed (deflate), in the letters of base64url.
 */

const MOST_BYTES = 2 ** 20; // what a saga file may have; a link that unpacks to more is none of ours
const KEY = "#text=";

/** @param {string} text @returns {Promise<string>} The part of an address from its hash on. */
export async function linkOf(text) {
  const packed = await piped(new Blob([text]), new CompressionStream("deflate-raw"));
  const letters = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  return KEY + letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} hash @returns {Promise<string | null>} The text of a link; null where there is none, or it is broken. */
export async function textOf(hash) {
  if (!hash.startsWith(KEY)) return null;
  try {
    const letters = hash.slice(KEY.length).replaceAll("-", "+").replaceAll("_", "/");
    const packed = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
    const bytes = await piped(new Blob([packed]), new DecompressionStream("deflate-raw"));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * @param {Blob} blob
 * @param {CompressionStream | DecompressionStream} stream
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function piped(blob, stream) {
  const reader = blob.stream().pipeThrough(stream).getReader();
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > MOST_BYTES) throw new Error("too long"); // before a small link has filled the memory
    parts.push(part.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
