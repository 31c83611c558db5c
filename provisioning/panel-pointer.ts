import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface PanelPointer {
  /** By name, then by address. */
  readonly urls: readonly string[];
  /** SHA-256 of the certificate that is shown there. */
  readonly fingerprint: string;
  readonly claimed: boolean;
}

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

/**
 * Writes it into `file`, if it is another than before; undefined: nothing is done. The file is there already and stays the same one:
 * root reads it at each login, so it lies where we can make none, which might be a pipe or lead to what is not ours. Never throws.
 */
export function pointToPanel(file: string | undefined, pointer: PanelPointer): void {
  if (file === undefined) return;
  const text = pointerText(pointer);
  try {
    if (readFileSync(file, 'utf8') !== text) overwrite(file, text);
  } catch {
    // It is a convenience: the house opens without it.
  }
}

/** Without O_CREAT, which `writeFileSync` knows no way around. */
function overwrite(file: string, text: string): void {
  const descriptor = openSync(file, constants.O_WRONLY);
  try {
    ftruncateSync(descriptor);
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}
