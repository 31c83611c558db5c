import type { BackupMaker } from '../../server/commands/backups.ts';

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
