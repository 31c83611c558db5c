import type { BackupMaker } from '../../server/commands/backups.ts';
import type { Senses } from '../../server/commands/doctor/senses.ts';

const none = async (): Promise<never> => {
  throw new Error('there are no backups in this test');
};

/** A machine that makes no backups. */
export const NO_BACKUPS: BackupMaker = {
  make: none,
  check: none,
  key: none,
  ownFolder: '/nonexistent',
  sameDisk: async () => true,
};

/** A machine on which all is well. */
export const CALM: Senses = {
  wentBackFrom: '',
  now: () => Date.now(),
  monotonic: () => performance.now(),
  synchronised: async () => true,
  disk: async () => ({ free: 50e9, total: 100e9 }),
  flush: async () => 1,
  memory: async () => ({ free: 4e9, total: 8e9 }),
};
