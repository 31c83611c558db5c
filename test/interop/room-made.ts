import { setTimeout as sleep } from 'node:timers/promises';
import type { Appliance } from '../support/appliance.ts';

/** Waits until a room is open to others, as its title shows. */
export async function roomIsMade(appliance: Appliance, room: string, title: string): Promise<void> {
  for (const end = Date.now() + 30_000; ; await sleep(100)) {
    const shown = await appliance.ctl(['room', 'show', room]);
    if (shown.code === 0 && shown.stdout.includes(title)) return;
    if (Date.now() > end) throw new Error(`${room} is not there: ${shown.stdout}${shown.stderr}`);
  }
}
