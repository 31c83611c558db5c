import type { TestContext } from 'node:test';
import { openScene, type Scene, type SceneOptions } from './scene.ts';

/** A scene for several tests, to be closed by hand. */
export async function openLastingScene(
  options: SceneOptions = {},
): Promise<{ readonly scene: Scene; close(): Promise<void> }> {
  const falls: (() => Promise<void>)[] = [];
  const later = { after: (fall: () => Promise<void>) => void falls.push(fall) };
  const scene = await openScene(later as unknown as TestContext, options);
  return {
    scene,
    close: async () => {
      for (const fall of falls) await fall();
    },
  };
}
