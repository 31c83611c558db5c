import { isEnding } from '../s2s/policy.ts';

/** Those without a dot that everybody has heard of. */
const KNOWN = new Set(
  [
    'aero app arpa asia biz cloud com dev edu gov info int jobs mil mobi museum name net online onion org',
    'post pro shop site store tech tel travel xyz',
  ]
    .join(' ')
    .split(' '),
);
const COUNTRIES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

/**
 * Whether a name is an ending that whole countries or crowds have their names below, as `com`, `de` and `co.uk`: what is known as one, and
 * not each name without a dot, as one's own network may have `office`.
 */
export function isPublicEnding(domain: string): boolean {
  if (domain.includes('.')) return isEnding(domain);
  return KNOWN.has(domain) || (/^[a-z]{2}$/.test(domain) && COUNTRIES.of(domain.toUpperCase()) !== undefined);
}
