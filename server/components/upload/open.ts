import { join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import type { FileSpace } from '../../host/file-space.ts';
import type { OptionValues } from '../../host/option-values.ts';
import { FileFolder } from '../../storage/file-folder.ts';
import type { Stores } from '../../storage/stores/index.ts';
import { Keeper } from './keeper.ts';
import { fileSpace } from './limits.ts';
import { stripLocation } from './options.ts';
import { type UploadHttpOptions, uploadHttp } from './plugin.ts';
import { Slots } from './slots.ts';
import { Stripper } from './strip.ts';

export interface UploadsOptions extends Pick<UploadHttpOptions, 'log'> {
  readonly stores: Stores;
  /** The folder that holds the store; that of the files is in it. */
  readonly data: string;
  readonly options: OptionValues;
}

/** The uploaded files of the house: what its hosts, its HTTPS door and its administrators need of them. */
export interface OpenUploads {
  readonly slots: Slots;
  readonly space: FileSpace;
  /** Where files are put and had, for the HTTPS door. */
  http(mayUse: UploadHttpOptions['mayUse']): FastifyPluginAsync;
  /** Takes old files away from now on, until it is disposed of. */
  keep(domains: () => readonly string[]): AsyncDisposable;
}

/** Opens the folder of uploaded files. Rejects with the system's error. */
export async function openUploads({ stores, data, options, log }: UploadsOptions): Promise<OpenUploads> {
  const { uploads } = stores;
  const folder = new FileFolder(join(data, 'uploads'));
  await folder.open();
  const slots = new Slots({ stores, folder, options });
  const stripper = new Stripper();
  const clean = (domain: string) =>
    options.get(stripLocation, domain) ? (path: string) => stripper.clean(path) : undefined;
  return {
    slots,
    space: fileSpace(folder, options),
    http: (mayUse) => uploadHttp({ slots: () => slots, folder, uploads, log, clean, mayUse }),
    keep(domains) {
      const keeper = new Keeper({ uploads, folder, options, domains, log });
      void keeper.orphans();
      return keeper;
    },
  };
}
