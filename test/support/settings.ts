import { choiceOption, listOption, numberOption, switchOption, textOption } from '../../server/host/options.ts';

const about = { scope: 'domain', group: 'Canteen', title: 'A title', help: 'What it does.' } as const;

/** Settings of each kind, of a canteen: what the server itself can be told changes too often for tests. */
export const OPEN = switchOption({ ...about, key: 'canteen.open', default: true });
export const SEATS = numberOption({ ...about, key: 'canteen.seats', default: 20, least: 1, most: 99, unit: 'seats' });
export const KEY = textOption({ ...about, key: 'canteen.key', scope: 'house', default: '', longest: 20, secret: true });
export const MENU = choiceOption({
  ...about,
  key: 'canteen.menu',
  default: 'soup',
  choices: { soup: 'Soup only', full: 'Three courses' },
});
export const COOKS = listOption({
  ...about,
  key: 'canteen.cooks',
  default: [],
  longest: 10,
  most: 3,
  wrong: (cooks) => (cooks.includes('nobody') ? 'Nobody cannot cook.' : undefined),
});

export const SETTINGS = [OPEN, SEATS, KEY, MENU, COOKS];
