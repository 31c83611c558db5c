import { child, type Element, elements, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { fromBase64 } from '../attempts.ts';
import { type FastWish, SaslError } from '../mechanisms/mechanism.ts';

/** Characters of a tag that become part of an address. */
const TAG_LIMIT = 64;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What a client wishes for its new session (XEP-0386 §3.2). */
export interface BindWish {
  readonly tag: string;
  readonly carbons: boolean;
  /** Stream management, and whether the session may be resumed. */
  readonly management: { readonly resume: boolean } | undefined;
  readonly inactive: boolean;
}

/** What <authenticate/> asks for (XEP-0388 §2.4). */
export interface LoginRequest {
  readonly mechanism: string;
  readonly initial: Buffer;
  /** '' when the client did not say who it is. */
  readonly agent: string;
  readonly software: string;
  readonly device: string;
  readonly fast: FastWish | undefined;
  /** XEP-0484 §3.2: the mechanism a new token is wanted for. */
  readonly tokenFor: string | undefined;
  readonly resume: Element | undefined;
  readonly bind: BindWish | undefined;
  /** XEP-0480 §2.2, as named by the client. */
  readonly upgrades: readonly string[];
}

const yes = (value: string | undefined): boolean => value === 'true' || value === '1';

/** Throws SaslError on what no client sends. */
export function readRequest(element: Element): LoginRequest {
  const initial = child(element, 'initial-response');
  if (initial === undefined) throw new SaslError('malformed-request', 'all our mechanisms begin with the client');
  const agent = child(element, 'user-agent');
  // §2.4: an id is a UUID. Whoever has none, or something else, goes without what hangs on it.
  const id: string = agent?.attrs.id ?? '';
  const bind = child(element, 'bind', NS.bind2);
  return {
    mechanism: element.attrs.mechanism ?? '',
    initial: fromBase64(textOf(initial).trim()),
    agent: UUID.test(id) ? id : '',
    software: agent === undefined ? '' : textOf(child(agent, 'software')),
    device: agent === undefined ? '' : textOf(child(agent, 'device')),
    fast: readFast(child(element, 'fast', NS.fast)),
    tokenFor: child(element, 'request-token', NS.fast)?.attrs.mechanism,
    resume: child(element, 'resume', NS.sm),
    bind: bind === undefined ? undefined : readBind(bind),
    upgrades: elements(element)
      .filter(({ name, attrs }) => name === 'upgrade' && attrs.xmlns === NS.saslUpgrade)
      .map((one) => textOf(one).trim()),
  };
}

function readFast(fast: Element | undefined): FastWish | undefined {
  if (fast === undefined) return undefined;
  const text: string | undefined = fast.attrs.count;
  if (text !== undefined && !/^\d{1,15}$/.test(text)) throw new SaslError('malformed-request', 'a count is a number');
  return { count: text === undefined ? undefined : Number(text), invalidate: yes(fast.attrs.invalidate) };
}

function readBind(bind: Element): BindWish {
  const tag = textOf(child(bind, 'tag')).trim();
  const enable = child(bind, 'enable', NS.sm);
  return {
    tag: [...tag].length > TAG_LIMIT ? '' : tag,
    carbons: child(bind, 'enable', NS.carbons) !== undefined,
    management: enable === undefined ? undefined : { resume: yes(enable.attrs.resume) },
    inactive: child(bind, 'inactive', NS.csi) !== undefined,
  };
}
