import { setTimeout as pause } from 'node:timers/promises';
import type { Authorization, Client, Order } from 'acme-client';
import { TOKEN } from './challenges.ts';
import { AcmeProblem, nonsense, quoted } from './problem.ts';
import type { ChallengeKind } from './settings.ts';

/** Shows the authority that a name is ours, and cleans up. */
export interface Solver {
  readonly kind: ChallengeKind;
  /** `token` and `answer` as RFC 8555 §8.3 and §8.4 have them; resolves when the authority can see it. */
  show(name: string, token: string, answer: string): Promise<void>;
  hide(name: string, token: string, answer: string): Promise<void>;
}

export interface OrderNeeds {
  readonly names: readonly string[];
  readonly requestPem: string;
  readonly solver: Solver;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

interface Step {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  readonly challenge: Authorization['challenges'][number];
  readonly answer: string;
}

/** Orders a certificate (RFC 8555 §7.4): gives the chain, in PEM. What the authority says is believed as far as it concerns our names. */
export async function orderCertificate(
  client: Client,
  { names, requestPem, solver, signal }: OrderNeeds,
): Promise<string> {
  const order = await client.createOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) });
  const wanted = authorizationsOf(order, names.length);
  const steps: Step[] = [];
  for (const one of await client.getAuthorizations(order)) {
    const step = await stepOf(client, one, names, solver.kind);
    if (step !== undefined) steps.push(step);
  }
  const shown: Step[] = [];
  try {
    for (const step of steps) {
      shown.push(step);
      await solver.show(step.name, step.token, step.answer);
      signal.throwIfAborted();
    }
    for (const { challenge } of steps) await client.completeChallenge(challenge);
    await until(signal, async () => {
      const all = await client.getAuthorizations(order);
      authorizationsOf(order, names.length);
      for (const one of all) refuseIfInvalid(one);
      return all.length === wanted && all.every(({ status }) => status === 'valid');
    });
  } finally {
    // A record that stays is no harm, and must not hide what went wrong before.
    for (const { name, token, answer } of shown) await solver.hide(name, token, answer).catch(() => undefined);
  }
  const finalized = { ...(await client.finalizeOrder(order, requestPem)), url: order.url };
  let ready: Order = finalized;
  await until(signal, async () => {
    ready = await client.getOrder(finalized);
    if (ready.status === 'invalid') throw new AcmeProblem(`The authority refused the order: “${quoted(ready.error)}”`);
    return ready.status === 'valid';
  });
  const pem: unknown = await client.getCertificate(ready);
  if (typeof pem !== 'string') throw nonsense();
  return pem;
}

function authorizationsOf({ authorizations }: Order, most: number): number {
  const list: unknown = authorizations;
  if (!Array.isArray(list) || list.length === 0 || list.length > most) throw nonsense();
  return list.length;
}

async function stepOf(
  client: Client,
  one: Authorization,
  names: readonly string[],
  kind: ChallengeKind,
): Promise<Step | undefined> {
  const name = one.identifier?.value;
  if (typeof name !== 'string' || !names.includes(name)) throw nonsense();
  if (one.status === 'valid') return undefined;
  refuseIfInvalid(one);
  const challenge = one.challenges?.find(({ type }) => type === kind);
  if (challenge === undefined) {
    throw new AcmeProblem(`The authority does not offer ${kind} for ${name}: choose the other way of proof.`);
  }
  // It becomes part of an address that we answer at.
  if (typeof challenge.token !== 'string' || !TOKEN.test(challenge.token)) throw nonsense();
  const answer = await client.getChallengeKeyAuthorization(challenge);
  return { name, url: one.url, token: challenge.token, challenge, answer };
}

function refuseIfInvalid({ status, identifier, challenges }: Authorization): void {
  if (status === 'valid' || status === 'pending') return;
  const failed = challenges?.find((one) => 'error' in one && one.error);
  const detail = (failed as { error?: { detail?: unknown } } | undefined)?.error?.detail;
  const name = quoted(identifier?.value);
  throw new AcmeProblem(
    detail === undefined
      ? `The authority does not believe that ${name} is ours.`
      : `The authority does not believe that ${name} is ours: “${quoted(detail)}”`,
  );
}

/** Asks again and again, with longer and longer pauses. */
async function until(signal: AbortSignal, ready: () => Promise<boolean>): Promise<void> {
  for (let wait = FIRST_PAUSE_MS; !(await ready()); wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
    await pause(wait, undefined, { signal, ref: false });
  }
}
