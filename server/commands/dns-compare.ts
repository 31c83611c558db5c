import { isPublic } from '../s2s/addresses.ts';
import type { AddressWanted, NoneWanted, Served, SrvWanted, Wanted } from '../s2s/dns-records.ts';
import { NameError, type Names, type SrvRecord } from '../s2s/names.ts';
import * as say from './dns-sentences.ts';

/** `unclear`: nobody can tell from here. `unanswered`: the DNS could not be asked. */
export type RecordState = 'right' | 'missing' | 'different' | 'unclear' | 'unanswered';

/** One record that should be there, or should not, and what the DNS says. */
export interface RecordView {
  readonly name: string;
  readonly type: 'SRV' | 'A, AAAA';
  readonly needed: boolean;
  readonly state: RecordState;
  /** As they stand behind the type in a zone; empty where there should be none. */
  readonly wanted: string[];
  readonly found: string[];
  /** For people. */
  readonly sentence: string;
}

/** Targets of others that are looked up, to find out whether they are this machine by another name. */
const MAX_LOOKUPS = 4;
const MAX_SHOWN = 16;

type Judged = readonly [state: RecordState, sentence: string];

/** Holds what the DNS says against what it should. Rejects with the reason of the signal only. */
export async function compare(
  names: Names,
  served: Served,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<RecordView | undefined> {
  if (wanted.kind === 'address') return await compareAddress(names, served, wanted, signal);
  const asked = await answer(names.srv(wanted.name, signal));
  if (wanted.kind === 'none')
    return asked.failed !== undefined || asked.found.records.length === 0
      ? undefined
      : needless(wanted, asked.found.records);
  const records = asked.failed === undefined ? asked.found.records : [];
  const [state, sentence] =
    asked.failed === undefined ? await judge(names, served, wanted, records, signal) : unanswered(asked.failed, wanted);
  return view(wanted, state, sentence, [written(wanted)], records.map(written));
}

type Answer<T> = { readonly failed: NameError } | { readonly failed?: undefined; readonly found: T };

async function answer<T>(question: Promise<T>): Promise<Answer<T>> {
  try {
    return { found: await question };
  } catch (error) {
    if (error instanceof NameError) return { failed: error };
    throw error;
  }
}

function unanswered({ failure }: NameError, wanted: Wanted): Judged {
  if (failure === 'timeout') return ['unanswered', say.TIMEOUT];
  if (failure === 'failed') return ['unanswered', say.FAILED];
  return ['missing', say.missing(wanted)];
}

function view(
  wanted: Wanted,
  state: RecordState,
  sentence: string,
  should: readonly string[],
  found: readonly string[],
): RecordView {
  const { name, needed, kind } = wanted;
  const type = kind === 'address' ? 'A, AAAA' : 'SRV';
  return { name, type, needed, state, sentence, wanted: should.slice(0, MAX_SHOWN), found: found.slice(0, MAX_SHOWN) };
}

const written = ({ priority, weight, port, target }: SrvRecord | SrvWanted): string =>
  `${priority} ${weight} ${port} ${target === '.' ? '.' : `${target}.`}`;
const place = ({ target, port }: SrvRecord | SrvWanted): string => `${target}, port ${port}`;

function needless(wanted: NoneWanted, records: readonly SrvRecord[]): RecordView | undefined {
  const leading = records.filter(({ target }) => target !== '.');
  if (leading.length === 0) return undefined;
  return view(wanted, 'different', say.nothingListens(leading.map(place)), [], records.map(written));
}

/** Priority and weight are a matter of taste; where it leads is not. */
async function judge(
  names: Names,
  served: Served,
  wanted: SrvWanted,
  records: readonly SrvRecord[],
  signal: AbortSignal,
): Promise<Judged> {
  const leading = records.filter(({ target }) => target !== '.');
  if (leading.length === 0) return ['different', say.NO_SERVICE];
  const targets = [...new Set(leading.map(({ target }) => target))];
  const unknown = targets.filter((target) => target !== wanted.target).slice(0, MAX_LOOKUPS);
  const ours = new Set([wanted.target]);
  if (unknown.length > 0) {
    const own = new Set(served.addresses);
    for (const address of await addressesOf(names, wanted.target, signal)) own.add(address);
    await Promise.all(
      unknown.map(async (target) => {
        const found = await addressesOf(names, target, signal);
        if (found.some((address) => own.has(address))) ours.add(target);
      }),
    );
  }
  const here = leading.filter(({ target, port }) => ours.has(target) && port === wanted.port);
  const others = leading.filter((one) => !here.includes(one));
  if (here.length === 0) return ['different', say.elsewhere(others.map(place), place(wanted))];
  return others.length === 0 ? ['right', say.RIGHT] : ['different', say.alsoElsewhere(others.map(place))];
}

async function addressesOf(names: Names, host: string, signal: AbortSignal): Promise<readonly string[]> {
  const asked = await answer(names.published(host, signal));
  return asked.failed === undefined ? asked.found : [];
}

async function compareAddress(
  names: Names,
  served: Served,
  wanted: AddressWanted,
  signal: AbortSignal,
): Promise<RecordView> {
  const asked = await answer(names.published(wanted.name, signal));
  const found = asked.failed === undefined ? asked.found : [];
  const [state, sentence] =
    asked.failed === undefined ? judgeAddresses(served, found) : unanswered(asked.failed, wanted);
  return view(wanted, state, sentence, wanted.addresses, found);
}

function judgeAddresses({ addresses: own, ports }: Served, found: readonly string[]): Judged {
  if (own.length === 0) return ['unclear', say.unknownOwn(found)];
  const others = found.filter((address) => !own.includes(address));
  if (others.length === 0) return ['right', say.RIGHT];
  if (others.length < found.length) return ['different', say.alsoOtherAddresses(others)];
  // A router stands between: it has the public address, and we have one of the network behind it.
  if (found.every(isPublic) && !own.some(isPublic)) return ['unclear', say.routerAddress(found, Object.values(ports))];
  return ['different', say.otherAddresses(found, own)];
}
