import type { ReadableKind } from '../readable.ts';

/** One message in an export. `time` as RFC 3339 in UTC. */
export interface ExportedMessage {
  readonly id: string;
  readonly time: string;
  readonly from: string;
  readonly to: string;
  readonly kind: ReadableKind;
  readonly text: string;
}

const INSTEAD: Readonly<Record<Exclude<ReadableKind, 'message' | 'subject'>, string>> = {
  removed: 'taken back by who wrote it',
  moderated: 'removed by a moderator',
  encrypted: 'encrypted: the server cannot read it',
  other: 'no text',
};

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd'); // what would turn the direction of all that follows
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}td,th{padding:.35rem .6rem .35rem 0;vertical-align:top;text-align:left;overflow-wrap:anywhere}
tr{border-bottom:1px solid #ddd;break-inside:avoid}time,.who{color:#555;font-size:.85rem;white-space:nowrap}.who{white-space:normal}
p{margin:.1rem 0;white-space:pre-wrap}i{color:#555}@media print{body{margin:0;max-width:none;font-size:11pt}a{color:inherit}}`;

/** The beginning of a page: nothing in it is fetched or run, wherever it is opened. */
export function pageHead(title: string, text: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>
<table>
`;
}

export const PAGE_END = '</table></body></html>\n';

export function messageRow({ time, from, to, kind, text }: ExportedMessage): string {
  const words =
    kind === 'message' || kind === 'subject'
      ? `<p dir="auto">${kind === 'subject' ? 'Subject: ' : ''}${escapeHtml(text)}</p>`
      : `<p><i>${INSTEAD[kind]}${text === '' ? '' : `: ${escapeHtml(text)}`}</i></p>`;
  return `<tr><td><time datetime="${time}">${time.slice(0, 19).replace('T', ' ')} UTC</time></td>
<td><span class="who"><bdi>${escapeHtml(from)}</bdi> → <bdi>${escapeHtml(to)}</bdi></span>${words}</td></tr>
`;
}

/** A name for a file that every system takes and no path is in: what else was in it is in the manifest. */
export function safeName(number: number, name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  return `${String(number).padStart(4, '0')}${plain === '' ? '' : `-${plain}`}`;
}
