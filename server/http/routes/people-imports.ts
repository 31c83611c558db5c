import { CommandError } from '../../commands/command-error.ts';
import type { Commands } from '../../commands/index.ts';
import { DONE, dangerous, large, type RouteEntry, route } from '../route.ts';

/** 5 MB in base 64, and the settings. */
const BODY_BYTES = 7_000_000;

/** Many people at once, from a file. */
export function peopleImportRoutes({ peopleImports }: Commands): RouteEntry[] {
  return [
    large(
      route('POST /api/people/imports/check', 'admin', ({ body: { file, offset, ...settings } }) =>
        peopleImports.check(bytesOf(file), { ...settings, leaveOut: false }, offset),
      ),
      BODY_BYTES,
    ),

    large(
      route('POST /api/people/imports', 'admin', ({ body: { file, name, digest, ...settings }, by }) =>
        peopleImports.start(by, bytesOf(file), settings, name, digest),
      ),
      BODY_BYTES,
    ),

    route('GET /api/people/imports', 'look', () => peopleImports.list()),

    route('GET /api/people/imports/:id', 'look', ({ params }) => peopleImports.get(Number(params.id))),

    route('POST /api/people/imports/:id/hand-over', 'admin', ({ params, by }) =>
      peopleImports.handOver(by, Number(params.id)),
    ),

    dangerous(
      route('POST /api/people/imports/:id/undo', 'admin', async ({ params, by }) => {
        await peopleImports.undo(by, Number(params.id));
        return DONE;
      }),
    ),
  ];
}

/** Strict base 64: what is none would be read as something else. */
function bytesOf(file: string): Uint8Array {
  const bytes = Buffer.from(file, 'base64');
  if (Math.ceil(bytes.length / 3) * 4 !== file.length) {
    throw new CommandError('invalid', 'The file is not in base 64.', 'file');
  }
  return bytes;
}
