import type { Stores } from '../storage/stores/index.ts';

const SLICE = 100;

/** Removes what is left of the rooms of a service that is served no more, with what was said in them. */
export async function forgetRooms({ rooms, retiredRooms }: Stores, service: string): Promise<void> {
  for (;;) {
    const page = await rooms.page(service, { limit: SLICE });
    for (const room of page) {
      await rooms.remove(room);
      await rooms.clear(room.id);
    }
    if (page.length < SLICE) break;
  }
  await retiredRooms.freeAll(service);
}
