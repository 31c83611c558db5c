import { join } from 'node:path';
// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import { createPanelDoor } from '../../server/http/door.ts';
import { openHouse, selfSigned, type TestHouse } from '../http/support.ts';

export interface PanelDoor {
  readonly house: TestHouse;
  readonly url: string;
  /** A fresh claim code. */
  code(): Promise<string>;
  /** Closes the door and opens it again on the same port once `meanwhile` is done. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** The real door with the real commands on loopback, over a house whose clients come and go as the test says. */
export async function openPanelDoor(exportFolder?: string): Promise<PanelDoor> {
  const house = await openHouse(Date.now, exportFolder === undefined ? {} : { exportFolder });
  const { commands, log } = house;
  const panel = join(import.meta.dirname, '../../admin-ui/dist');
  const tls = selfSigned();
  const open = () => createPanelDoor({ commands, log, panel, tls });
  let door = await open();
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
  return {
    house,
    url: `https://localhost:${port}`,
    code: async () => (await commands.claim.freshCode({ name: 'test', door: 'house' })).code,
    restart: async (meanwhile) => {
      await door.close();
      await meanwhile();
      door = await open();
      await door.listen({ host: '127.0.0.1', port });
    },
    close: async () => {
      await door.close();
      await house.close();
    },
  };
}
