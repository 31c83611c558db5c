import { join } from 'node:path';
import { databaseContract } from './contract.ts';
import { opened, temporary } from './support.ts';

databaseContract('in memory', (t) => opened(t));
databaseContract('in a file', async (t) => opened(t, { file: join(await temporary(t), 'store.db') }));
