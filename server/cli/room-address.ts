import { usage } from './failure.ts';
import type { Context } from './verb.ts';

/**
 * A room as it is typed: its whole address, `garden@conference.example.com`, or its name alone, then with `--domain` or in
 * the first domain. Throws Failure.
 */
export async function roomParams(
  { client, given }: Pick<Context, 'client' | 'given'>,
  typed: string,
): Promise<{ domain: string; room: string }> {
  const at = typed.indexOf('@');
  if (at === 0 || typed === '' || typed.includes('/')) {
    throw usage(
      `“${typed}” is not a room. Give its name, as garden, or its address, as garden@conference.example.com.`,
    );
  }
  if (at < 0) return { room: typed, domain: await domainOf({ client, given }) };
  const service = typed.slice(at + 1);
  return { room: typed.slice(0, at), domain: service.replace(/^conference\./, '') };
}

/** The domain that is meant. */
export async function domainOf({ client, given }: Pick<Context, 'client' | 'given'>): Promise<string> {
  return given.domain ?? (await client.call('GET /api/session', {})).domain;
}
