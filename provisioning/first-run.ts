import { mkdir } from 'node:fs/promises';

export async function openHouse(data: string): Promise<void> {
  await mkdir(data, { recursive: true, mode: 0o700 });
}
