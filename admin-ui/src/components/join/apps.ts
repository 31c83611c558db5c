import { t } from '../../language.ts';

/** Chat apps that are known to work well here, by what they run on. */
export interface ChatApp {
  readonly name: string;
  readonly url: string;
}

export interface Platform {
  readonly name: string;
  readonly apps: readonly ChatApp[];
  /** Whether the browser's own description sounds like it. */
  readonly fits: RegExp;
}

export const platforms: readonly Platform[] = [
  {
    name: 'Android',
    fits: /Android/i,
    apps: [{ name: 'Conversations', url: 'https://conversations.im/' }],
  },
  {
    name: t('iPhone and iPad'),
    fits: /iPhone|iPad|iPod/i,
    apps: [
      { name: 'Monal', url: 'https://monal-im.org/' },
      { name: 'Siskin', url: 'https://siskin.im/' },
    ],
  },
  {
    name: 'Mac',
    fits: /Macintosh|Mac OS X/i,
    apps: [
      { name: 'Monal', url: 'https://monal-im.org/' },
      { name: 'Beagle', url: 'https://beagle.im/' },
    ],
  },
  { name: 'Windows', fits: /Windows/i, apps: [{ name: 'Gajim', url: 'https://gajim.org/' }] },
  {
    name: 'Linux',
    fits: /Linux|X11/i,
    apps: [
      { name: 'Dino', url: 'https://dino.im/' },
      { name: 'Gajim', url: 'https://gajim.org/' },
    ],
  },
];

/** The platforms, the one this browser runs on first. */
export function platformsFor(agent: string): readonly Platform[] {
  const here = platforms.find(({ fits }) => fits.test(agent));
  return here === undefined ? platforms : [here, ...platforms.filter((one) => one !== here)];
}
