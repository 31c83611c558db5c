import { numberOption, type Option } from '../host/options.ts';

/** How long a message may wait for a server that cannot be reached. */
export const waitMinutes = numberOption({
  key: 'federation.wait',
  scope: 'house',
  group: 'Other servers',
  title: 'Messages wait for',
  help: 'When the server of a partner cannot be reached, messages for it are kept for this long and sent as soon as it is back. After it, whoever wrote them is told that they did not arrive.',
  least: 1,
  most: 1_440,
  unit: 'minutes',
  default: 15,
});

/** When a stream that nobody uses is closed. */
export const idleMinutes = numberOption({
  key: 'federation.idle',
  scope: 'house',
  group: 'Other servers',
  title: 'Close unused connections after',
  help: 'A connection with another server that nobody has used for this long is closed. It is opened again when somebody writes.',
  least: 1,
  most: 1_440,
  unit: 'minutes',
  default: 15,
});

export const FEDERATION_OPTIONS: readonly Option[] = [waitMinutes, idleMinutes];
