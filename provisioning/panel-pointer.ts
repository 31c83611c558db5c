import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PanelPointer {
  /** By name, then by address. */
  readonly urls: readonly string[];
  /** SHA-256 of the certificate that is shown there. */
  readonly fingerprint: string;
  readonly claimed: boolean;
}

/** The file in the folder that systemd made for the running service; what is shown at a login leads to it. */
export const POINTER = 'panel';
const ADDRESSES = 3;

/** What somebody reads at the console: nothing that anybody may not know. */
export function pointerText({ urls, fingerprint, claimed }: PanelPointer): string {
  const lines = [
    `Hallway: ${urls.slice(0, 1 + ADDRESSES).join(' or ')}`,
    `Certificate: SHA-256 ${fingerprint}`,
    ...(claimed ? [] : ['Nobody has claimed it yet; the code for that: sudo hallwayctl claim-code']),
  ];
  return `${lines.join('\n')}\n`;
}

/** Writes it, if it is another than before. `folder` is RUNTIME_DIRECTORY; without it nothing is done. Never throws. */
export function pointToPanel(folder: string | undefined, pointer: PanelPointer): void {
  if (folder === undefined) return;
  const path = join(folder, POINTER);
  const text = pointerText(pointer);
  try {
    if (read(path) === text) return;
    // Everybody may read it, whatever else we write.
    writeFileSync(`${path}.new`, text, { mode: 0o644 });
    chmodSync(`${path}.new`, 0o644);
    renameSync(`${path}.new`, path);
  } catch {
    // It is a convenience: the house opens without it.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
