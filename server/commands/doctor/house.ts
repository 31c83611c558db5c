import type { Stores } from '../../storage/stores/index.ts';
import type { BackupCommands } from '../backups.ts';
import type { CertificateCommands } from '../certificates.ts';
import type { DnsDoctor } from '../dns-doctor.ts';
import type { FederationDomains } from '../federation-domains.ts';
import type { House } from '../house.ts';
import { about, type Check, type Finding } from './finding.ts';
import type { Senses } from './senses.ts';

const DAY_MS = 86_400_000;
const PAGE = '/backup';

/** Whole sentences: a part of one would stay English where it is told in another language. */
function newest(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  if (days === 0) return 'The newest good one was made today.';
  return days === 1 ? 'The newest good one was made one day ago.' : `The newest good one was made ${days} days ago.`;
}

/** Whether there are backups to rely on. */
export function backupCheck(backups: Pick<BackupCommands, 'state'>, now: () => number): Check {
  const said = about('backup', 'Backup');
  return {
    code: 'backup',
    title: 'Backup',
    async run() {
      const { rows, failure, schedule, sameDisk } = await backups.state();
      const [last] = rows;
      const good = rows.find(({ state }) => state === 'good');
      if (failure !== null)
        return [said.bad(`The last try failed. ${failure.text}`, 'Mend that, and make a backup.', PAGE)];
      if (last?.state === 'bad') {
        return [
          said.bad(
            `The newest backup is no good. ${last.problem}`,
            'Make a new one. If that is bad, too, look at the disk.',
            PAGE,
          ),
        ];
      }
      if (good === undefined) {
        const which = rows.length === 0 ? 'There is no backup.' : 'No backup was restored as a test yet.';
        return [said.warn(which, 'Make one, and choose how often it is made by itself.', PAGE)];
      }
      const age = now() - good.madeAt;
      const sentence = newest(age);
      const late = schedule === 'off' ? 30 : schedule === 'weekly' ? 9 : 3;
      if (age > late * DAY_MS) return [said.warn(sentence, 'Make one, and see why none was made by itself.', PAGE)];
      if (sameDisk) {
        return [
          said.warn(
            [sentence, 'It is on the same disk as the data: when that breaks, both are gone.'].join(' '),
            'Choose a folder on another disk or a share of another machine, or download a backup from time to time.',
            PAGE,
          ),
        ];
      }
      return [said.good(sentence, PAGE)];
    },
  };
}

/** Certificates that have ended, end soon, or do not come. */
export function certificateCheck(certificates: Pick<CertificateCommands, 'findings'>): Check {
  const said = about('certificate', 'Certificates');
  const page = '/certificates';
  return {
    code: 'certificate',
    title: 'Certificates',
    async run() {
      const wrong = (await certificates.findings()).filter(({ state }) => state !== 'ok');
      if (wrong.length === 0) return [said.good('All are good for weeks.', page)];
      return wrong.map(({ state, sentence, remedy }) =>
        state === 'error' ? said.bad(sentence, remedy, page) : said.warn(sentence, remedy, page),
      );
    },
  };
}

/** The records that lead people and other servers here. */
export function dnsCheck(dns: Pick<DnsDoctor, 'examine'>, house: Pick<House, 'domains'>): Check {
  const said = about('dns', 'DNS');
  return {
    code: 'dns',
    title: 'DNS',
    async run() {
      const looked = await Promise.all(
        house
          .domains()
          .slice(0, 50)
          .map(async (domain): Promise<Finding> => {
            const { records } = await dns.examine(domain);
            const link = `/domains/${encodeURIComponent(domain)}/dns`;
            const [wrong] = records.filter(
              ({ needed, state }) => needed && (state === 'missing' || state === 'different'),
            );
            const unknown = records.some(({ needed, state }) => needed && state === 'unanswered');
            if (wrong !== undefined)
              return said.warn(
                `A record of ${domain} is not right: ${wrong.name} (${wrong.type}). ${wrong.sentence}`,
                'What to paste stands on the page of its DNS; “hallwayctl dns” prints it, too.',
                link,
              );
            if (unknown)
              return said.warn(
                `${domain}: the DNS did not answer.`,
                'See that this machine reaches its DNS server.',
                link,
              );
            return said.good(`${domain}: all that is needed is there.`, link);
          }),
      );
      return looked;
    },
  };
}

/** Links to other servers that do not come about. */
export function federationCheck(domains: Pick<FederationDomains, 'list'>): Check {
  const said = about('federation', 'Other servers');
  return {
    code: 'federation',
    title: 'Other servers',
    async run() {
      const { domains: known } = await domains.list({ limit: 200 });
      const stuck = known.filter(({ state, problem }) => state === 'waiting' && problem !== null);
      const [first] = stuck;
      if (first === undefined) return [said.good('Nothing waits for a server that cannot be reached.', '/federation')];
      const others = stuck.length === 1 ? '' : ` So it is with ${stuck.length - 1} more.`;
      return [
        said.warn(
          `Messages wait for ${first.domain}. ${first.problem}${others}`,
          'The page of the server says what to do.',
          '/federation',
        ),
      ];
    },
  };
}

/** Whether the release that runs is the one that is installed. */
export function releaseCheck({ wentBackFrom }: Pick<Senses, 'wentBackFrom'>, version: string): Check {
  const said = about('release', 'Release');
  return {
    code: 'release',
    title: 'Release',
    async run() {
      if (wentBackFrom === '') return [said.good(`Release ${version} runs, the one that is installed.`)];
      return [
        said.warn(
          `Release ${wentBackFrom} is installed, but ${version}, the one before it, runs: the house went back to it.`,
          'Install the next release when there is one. Until then the one before it goes on running, also after a restart.',
        ),
      ];
    },
  };
}

/** The store: whether it can be read, and is of this release. */
export function storeCheck(health: Stores['health'], backups: Pick<BackupCommands, 'state'>): Check {
  const said = about('store', 'Database');
  return {
    code: 'store',
    title: 'Database',
    async run() {
      const [schema, damage] = await Promise.all([health.schema(), health.damage()]);
      const version = `Its schema is number ${schema}, the newest of this release.`;
      if (damage === '') return [said.good(`It was read through and is whole. ${version}`)];
      if (damage !== undefined) {
        return [
          said.bad(
            `It is damaged: ${damage}`,
            'Stop the server and restore the newest good backup: hallwayctl restore FILE --replace',
            PAGE,
          ),
        ];
      }
      const good = (await backups.state()).rows.find(({ state }) => state === 'good');
      const last =
        good?.checkedAt == null
          ? 'No test restore has read it through yet.'
          : `A test restore has read all of it (${new Date(good.checkedAt).toISOString().slice(0, 10)}).`;
      return [said.good(`It is too large to be read through while people use it. ${last} ${version}`)];
    },
  };
}
