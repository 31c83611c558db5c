import { basename } from 'node:path';
import type { Commands } from '../../commands/index.ts';
import { download } from '../download.ts';
import { HttpError } from '../errors.ts';
import { DONE, dangerous, type RouteEntry, rawRoute, route } from '../route.ts';

/** Backups: what there is, a new one, and away with them. Whoever has one and its key has the house. */
export function backupRoutes({ backups }: Commands): RouteEntry[] {
  return [
    route('GET /api/backups', 'look', () => backups.state()),

    route('POST /api/backups', 'admin', async ({ by }) => ({ name: await backups.make(by) })),

    route('POST /api/backups/:name/check', 'admin', async ({ params, by }) => {
      await backups.check(by, params.name);
      return DONE;
    }),

    dangerous(
      route('DELETE /api/backups/:name', 'owner', async ({ params, by }) => {
        await backups.remove(by, params.name);
        return DONE;
      }),
    ),

    dangerous(
      route('POST /api/backup-key', 'owner', async ({ by }) => {
        const { identity, recipient } = await backups.key(by);
        return { identity, recipient };
      }),
    ),

    dangerous(
      route('POST /api/backups/:name/link', 'owner', async ({ params, by }) => ({
        token: await backups.link(by, params.name),
      })),
    ),

    rawRoute('GET /api/backup-files/:token', 'owner', async ({ params, reply }) => {
      const path = backups.follow(params.token);
      const gone = new HttpError(404, 'backup-not-found', 'This backup is gone.');
      await download(reply, { path, name: basename(path), type: 'application/octet-stream', gone });
    }),
  ];
}
