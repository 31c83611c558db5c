import type { FileSpace } from '../../host/file-space.ts';
import type { OptionValues } from '../../host/option-values.ts';
import type { FileFolder } from '../../storage/file-folder.ts';
import { filesADay, filesOfAll, filesOfOne, filesStay, GB, largestFile, leftFree, MB, uploadOn } from './options.ts';

/** The limits that `checkSpace` goes by, in bytes, for whoever shows them. */
export function fileSpace(folder: FileFolder, options: OptionValues): FileSpace {
  return {
    free: () => folder.free(),
    limits: (domain) => ({
      on: options.get(uploadOn, domain),
      largest: options.get(largestFile, domain) * MB,
      daily: options.get(filesADay, domain) * MB,
      person: options.get(filesOfOne, domain) * MB,
      days: options.get(filesStay, domain),
    }),
    all: () => ({ total: options.get(filesOfAll) * GB, reserve: options.get(leftFree) * GB }),
  };
}
