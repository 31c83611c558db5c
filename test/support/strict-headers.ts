import assert from 'node:assert/strict';

/**
 * That an answer tells a browser to run nothing that is not ours, to guess no type, to show it in nobody's frame, to tell nobody where
 * it was followed from, and, unless `cache` says how else, to keep nothing of it.
 */
export function assertStrict(
  headers: Readonly<Record<string, unknown>>,
  what: string,
  cache: RegExp = /^no-store$/,
): void {
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /^default-src 'none'(?:;|$)/, what);
  assert.match(policy, /; frame-ancestors 'none'(?:;|$)/, what);
  assert.doesNotMatch(policy, /script-src[^;]*(?:'unsafe-|\*|https?:|data:|blob:)/, what);
  assert.equal(headers['x-content-type-options'], 'nosniff', what);
  assert.equal(headers['x-frame-options'], 'DENY', what);
  assert.equal(headers['referrer-policy'], 'no-referrer', what);
  assert.match(String(headers['cache-control']), cache, what);
  // An office that is reached by its address would be locked out for good (see server/http/headers.ts).
  assert.equal(headers['strict-transport-security'], undefined, what);
  for (const name of ['server', 'x-powered-by']) assert.equal(headers[name], undefined, what);
}
