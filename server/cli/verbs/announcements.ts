import { askLine } from '../ask.ts';
import { departmentNamed } from '../department-name.ts';
import { usage } from '../failure.ts';
import { plain, table, when } from '../text.ts';
import type { Verb } from '../verb.ts';
import { endOf } from './federation-policy.ts';

const where = (domain: string | undefined) => (domain === undefined ? {} : { domain });

export const announcements: readonly Verb[] = [
  {
    words: 'announce',
    args: ['TEXT'],
    options: ['domain', 'online', 'department', 'yes'],
    summary: 'tell everybody something; who is away finds it when they come; at a terminal it asks first',
    async run(context, [text = '']) {
      const { client, given, print, terminal } = context;
      const found = given.department === undefined ? undefined : await departmentNamed(context, given.department);
      const to = found && { department: found.id };
      const audience = given.online === true ? ('online' as const) : ('all' as const);
      const whose = { audience, ...where(given.domain), ...to };
      const { people } = await client.call('GET /api/announcements/reach', { query: whose });
      const many = people === 1 ? '1 person' : `${people} people`;
      // To nobody at all: it is refused with the reason.
      if (people > 0 && terminal.stdin.isTTY === true && given.yes !== true) {
        const question = `This tells ${many}, and cannot be taken back. Type “yes” to go on: `;
        if ((await askLine(terminal, question)).trim() !== 'yes') throw usage('Nobody was told.');
      }
      const reply = await client.call('POST /api/announcements', { body: { text, ...whose } });
      const whom = audience === 'online' ? 'Everybody who is online' : 'Everybody';
      print(reply, `${whom} in ${found?.name ?? reply.domains.join(', ')} is being told: ${many}.\n`);
    },
  },
  {
    words: 'announcement list',
    args: [],
    options: ['domain'],
    summary: 'what was told to everybody, and how many have it',
    async run({ client, given, print }) {
      const reply = await client.call('GET /api/announcements', { query: where(given.domain) });
      const rows = reply.announcements.map((one) => [
        when(one.createdAt),
        one.domain,
        one.actor,
        one.department === '' ? one.audience : `${one.department}, ${one.audience}`,
        `${one.given}${one.finished ? '' : ' so far'}`,
        one.text.replaceAll('\n', ' ').slice(0, 60),
      ]);
      print(reply, table(['TIME', 'DOMAIN', 'WHO', 'FOR', 'REACHED', 'TEXT'], rows));
    },
  },
  {
    words: 'motd set',
    args: ['TEXT'],
    options: ['domain', 'edit', 'until'],
    summary: 'the message of the day: each person is given it once, at the next login',
    async run({ client, given, print }, [text = '']) {
      const edit = given.edit === true ? { edit: true } : {};
      const until = given.until === undefined ? {} : { until: endOf(given.until) };
      const reply = await client.call('PUT /api/motd', { body: { text, ...where(given.domain), ...edit, ...until } });
      print(reply, `It is set for ${reply.motds.map(({ domain }) => domain).join(', ')}.\n`);
    },
  },
  {
    words: 'motd show',
    args: [],
    options: ['domain'],
    summary: 'the message of the day',
    async run({ client, given, print }) {
      const reply = await client.call('GET /api/motd', { query: where(given.domain) });
      const texts = reply.motds.map(({ domain, text, setAt, until }) =>
        setAt === null
          ? `${domain}: none\n`
          : `${domain}, since ${when(setAt)}${until === null ? '' : `, until ${when(until)}`}:\n${text.split('\n').map(plain).join('\n')}\n`,
      );
      print(reply, texts.join('\n'));
    },
  },
  {
    words: 'motd clear',
    args: [],
    options: ['domain'],
    summary: 'take the message of the day away',
    async run({ client, given, print }) {
      print(await client.call('DELETE /api/motd', { query: where(given.domain) }), 'There is none any more.\n');
    },
  },
];
