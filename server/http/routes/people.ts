import { CommandError } from '../../commands/command-error.ts';
import type { Commands } from '../../commands/index.ts';
import { dangerous, type RouteEntry, route } from '../route.ts';

/** The list of all people, and what is done to many of them at once. */
export function peopleRoutes({ bulk, people }: Commands): RouteEntry[] {
  return [
    route('GET /api/people', 'people', ({ query }) => people.list(query)),

    route('POST /api/people/disable', 'help', async ({ body, by }) => ({
      results: await bulk.disable(by, body.people, body.reason),
    })),

    route('POST /api/people/enable', 'help', async ({ body, by }) => ({ results: await bulk.enable(by, body.people) })),

    dangerous(
      route('POST /api/people/delete', 'admin', async ({ body, by }) => {
        if (body.confirm !== new Set(body.people).size) {
          throw new CommandError('not-confirmed', 'Type how many people these are.', 'confirm');
        }
        return { results: await bulk.remove(by, body.people) };
      }),
    ),

    route('POST /api/people/department', 'admin', async ({ body, by }) => ({
      results: await bulk.department(by, body.people, body.department, body.member),
    })),

    route('POST /api/people/restore', 'admin', async ({ body, by }) => ({
      results: await bulk.restore(by, body.people),
    })),

    route('POST /api/people/reset-links', 'help', async ({ body, by }) => ({
      results: await bulk.resetLinks(by, body.people),
    })),
  ];
}
