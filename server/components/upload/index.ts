import type { Component } from '../../host/component.ts';
import type { Host } from '../../host/host.ts';
import type { IqRequest } from '../../host/iq.ts';
import type { UploadPurpose } from '../../storage/stores/uploads.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { parseDateTime } from '../../xmpp/delay.ts';
import { child, type Element, el } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { Service } from '../service.ts';
import { fileName, mediaType } from './name.ts';
import { largestFile, MB, uploadOn, uploadOptions } from './options.ts';
import type { Slots, Wish } from './slots.ts';
import { later } from './space.ts';

const PURPOSES = ['message', 'profile', 'ephemeral'] as const satisfies readonly UploadPurpose[];

export interface UploadNeeds {
  readonly slots: () => Slots;
}

/** HTTP File Upload (XEP-0363): whoever has an account asks here for a place to put a file, and for the link to it. */
export function upload(needs: UploadNeeds): Component {
  return {
    name: 'upload',
    prefix: 'upload',
    xep: [363, '1.2.0'],
    options: uploadOptions,
    start(host) {
      const buckets = new TokenBuckets({ capacity: 100, perSecond: 2, keys: 10_000 });
      return new Service(host, {
        title: 'Files',
        identities: [{ category: 'store', type: 'file', name: 'HTTP File Upload' }],
        features: [NS.httpUpload, ...PURPOSES.map((purpose) => `${NS.uploadPurpose}#${purpose}`)],
        forms: () => [largestForm(host)],
        listed: () => host.option(uploadOn),
        iq: [
          {
            type: 'get',
            xmlns: NS.httpUpload,
            name: 'request',
            handle: (request) => grant(host, needs, buckets, request),
          },
        ],
      });
    },
  };
}

/** §3: XEP-0128 */
function largestForm(host: Host) {
  const bytes = String(host.option(largestFile) * MB);
  return { formType: NS.httpUpload, fields: new Map([['max-file-size', [bytes]]]) };
}

/** §4 */
async function grant(host: Host, needs: UploadNeeds, buckets: TokenBuckets, request: IqRequest): Promise<Element> {
  const { from } = request.stanza;
  const account = from.domain === host.domain ? await host.house.stores.accounts.at(from.bare) : undefined;
  if (account?.status !== 'active')
    throw new StanzaError('forbidden', 'Files are taken from people of this server only.');
  const wait = buckets.take(from.bare);
  if (wait > 0) throw later('Not so many at once, please.', Date.now() + wait);
  const wish = { account: account.id, domain: host.domain, ...readRequest(request.payload) };
  const { put, get } = await needs.slots().grant(wish);
  const { fileLinks: links } = host.house;
  return el(
    'slot',
    { xmlns: NS.httpUpload },
    el('put', { url: links.toPut(put, wish.name) }),
    el('get', { url: links.toGet(get, wish.name) }),
  );
}

function readRequest(payload: Element): Omit<Wish, 'account' | 'domain'> {
  const { filename = '', size = '', 'content-type': type = '' } = payload.attrs as Record<string, string>;
  if (!/^[1-9][0-9]{0,14}$/.test(size))
    throw new StanzaError('bad-request', 'The size is a number of bytes, at least one.');
  const name = fileName(filename);
  if (name === '') throw new StanzaError('bad-request', 'The file has no name.');
  const purpose = PURPOSES.find((one) => child(payload, one, NS.uploadPurpose) !== undefined) ?? 'message';
  const expiresAt = purpose === 'ephemeral' ? readExpiry(child(payload, purpose, NS.uploadPurpose)!) : undefined;
  return { name, type: mediaType(type), bytes: Number(size), purpose, expiresAt };
}

/** §4.1.3 */
function readExpiry(ephemeral: Element): number {
  const at = parseDateTime(ephemeral.attrs['expire-before'] ?? '');
  if (at === undefined || at <= Date.now())
    throw new StanzaError('bad-request', 'The time after which the file may not be had is in the past, or none.');
  return at;
}
