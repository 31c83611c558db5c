import type { Setting, SettingChange } from '../../http/contract/index.ts';
import { takeSecret } from '../ask.ts';
import { usage } from '../failure.ts';
import { pairs, table, when } from '../text.ts';
import { type Verb, whole } from '../verb.ts';

/** A value as one would type it. */
function written({ shape, value }: Setting): string {
  if (shape.kind === 'switch') return value ? 'on' : 'off';
  if (shape.kind === 'text' && shape.secret) return value ? '(set; it is not shown)' : '(none)';
  if (Array.isArray(value)) return value.join(' ') || '(none)';
  return String(value) === '' ? '(none)' : String(value);
}

/** What it may be, in a few words. */
function possible({ shape }: Setting): string {
  switch (shape.kind) {
    case 'switch':
      return 'on or off';
    case 'number':
      return `${shape.least} to ${shape.most}${shape.unit === undefined ? '' : ` ${shape.unit}`}`;
    case 'choice':
      return Object.entries(shape.choices)
        .map(([word, meaning]) => `${word} (${meaning})`)
        .join(', ');
    case 'list':
      return `up to ${shape.most} words, each an argument of its own`;
    case 'text':
      return `a text of up to ${shape.longest} characters`;
  }
}

/** Reads what was typed. Throws Failure. */
function read({ shape, key }: Setting, words: readonly string[]): Setting['value'] {
  if (shape.kind === 'list') return [...words];
  const [word, ...more] = words;
  if (word === undefined)
    throw usage(`Say what ${key} shall be: “hallwayctl setting show ${key}” tells what it may be.`);
  if (more.length > 0) throw usage(`${key} takes one value; put quotation marks around a text with spaces.`);
  if (shape.kind === 'switch') {
    if (['on', 'true', 'yes'].includes(word)) return true;
    if (['off', 'false', 'no'].includes(word)) return false;
    throw usage(`${key} is on or off.`);
  }
  if (shape.kind === 'number') {
    if (!/^-?\d{1,15}$/.test(word)) throw usage(`${key} takes a whole number.`);
    return Number(word);
  }
  return word;
}

function describe(one: Setting): string {
  return pairs([
    ['setting', one.key],
    ['title', one.title],
    ['value', `${written(one)}${one.decided ? '' : ' (the default)'}`],
    ['may be', possible(one)],
    ['what it does', one.help],
  ]);
}

export const settings: readonly Verb[] = [
  {
    words: 'setting list',
    args: [],
    options: ['domain'],
    summary: 'what can be decided while the server runs, and what holds',
    async run({ client, given, print }) {
      const query = given.domain === undefined ? {} : { domain: given.domain };
      const reply = await client.call('GET /api/settings', { query });
      const rows = reply.settings.map((one) => [one.key, written(one), one.decided ? '' : 'default', one.title]);
      print(reply, table(['SETTING', 'VALUE', '', ''], rows));
    },
  },
  {
    words: 'setting show',
    args: ['SETTING'],
    options: ['domain'],
    summary: 'one setting: what it does, what it may be, what holds',
    async run({ client, given, print }, [key = '']) {
      const one = await find(client, key, given.domain);
      print(one, describe(one));
    },
  },
  {
    words: 'setting set',
    args: ['SETTING', 'VALUE…'],
    options: ['domain'],
    summary: 'decide one setting; it holds at once (a secret is asked for when it is not given)',
    async run({ client, given, print, terminal }, [key = '', ...words]) {
      const setting = await find(client, key, given.domain);
      const secret = setting.shape.kind === 'text' && setting.shape.secret && words.length === 0;
      const value = secret ? await takeSecret(terminal, `${setting.title}: `) : read(setting, words);
      const body = { value, ...(given.domain !== undefined && { domain: given.domain }) };
      const reply = await client.call('PUT /api/settings/:key', { params: { key }, body });
      print(reply, `${key}: ${written(reply.setting)}\n`);
    },
  },
  {
    words: 'setting reset',
    args: ['SETTING'],
    options: ['domain'],
    summary: 'go back to what the server comes with',
    async run({ client, given, print }, [key = '']) {
      const query = given.domain === undefined ? {} : { domain: given.domain };
      const reply = await client.call('DELETE /api/settings/:key', { params: { key }, query });
      print(reply, `${key}: ${written(reply.setting)}\n`);
    },
  },
  {
    words: 'setting history',
    args: ['[SETTING]'],
    options: ['domain', 'before', 'limit'],
    summary: 'who changed which setting, from what to what, the newest first',
    async run({ client, given, print }, [key]) {
      const before = whole('before', given.before);
      const query = {
        limit: whole('limit', given.limit) ?? 50,
        ...(key !== undefined && { key }),
        ...(given.domain !== undefined && { domain: given.domain }),
        ...(before !== undefined && { before }),
      };
      const reply = await client.call('GET /api/setting-changes', { query });
      const rows = reply.rows.map((row) => [
        String(row.id),
        when(row.time),
        `${row.actor} (${row.door})`,
        row.domain === '' ? row.key : `${row.key} ${row.domain}`,
        `${past(row, 'old')} -> ${past(row, 'new')}`,
      ]);
      const more = reply.hasMore ? `More: --before ${reply.rows.at(-1)?.id}\n` : '';
      print(reply, table(['ID', 'TIME', 'WHO', 'SETTING', 'CHANGE'], rows) + more);
    },
  },
  {
    words: 'setting undo',
    args: ['ID'],
    options: [],
    summary: 'take one change back; “setting history” shows the IDs',
    async run({ client, print }, [id = '']) {
      if (!/^[1-9]\d{0,14}$/.test(id)) throw usage(`“${id}” is not the ID of a change.`);
      const reply = await client.call('POST /api/setting-changes/:id/undo', { params: { id } });
      print(reply, `${reply.setting.key}: ${written(reply.setting)}${reply.setting.decided ? '' : ' (the default)'}\n`);
    },
  },
];

/** What a setting was or became. */
function past(change: SettingChange, side: 'old' | 'new'): string {
  const value = change[side];
  if (change.kept === 'secret') return value === true ? '(a secret)' : '(none)';
  if (change.kept === 'long') return '(a long text)';
  if (value === null) return '(default)';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return (Array.isArray(value) ? value.join(' ') : String(value)) || '(none)';
}

type Caller = Parameters<Verb['run']>[0]['client'];

/** Throws Failure when there is no such setting. */
async function find(client: Caller, key: string, domain: string | undefined): Promise<Setting> {
  const { settings: all } = await client.call('GET /api/settings', { query: domain === undefined ? {} : { domain } });
  const one = all.find((setting) => setting.key === key);
  if (one === undefined) throw usage(`There is no setting “${key}”. “hallwayctl setting list” lists them.`);
  return one;
}
