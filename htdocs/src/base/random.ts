/** 128 random bits as text: an Idempotency-Key, so that what is asked twice is done once. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
