import { createHash, X509Certificate } from 'node:crypto';
import { type TrustWords, trustWords } from './trust-words.ts';

/** What the page for devices needs of the house's own authority. */
export interface TrustFacts {
  readonly pem: string;
  readonly fingerprint: string;
  /** The names that it may speak for. */
  readonly names: readonly string[];
}

/** One answer, the same over HTTP and over HTTPS. */
export interface TrustFile {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** What it is called when it is saved; undefined for what is shown. */
  readonly saved?: string;
}

const STYLE = `:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:0 auto;padding:1.5rem 1rem 4rem;background:#f5f5f1;color:#1c2321}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.125rem;margin:2rem 0 .5rem}
a.get{display:block;padding:.75rem 1rem;margin:.5rem 0;border-radius:.5rem;background:#14605a;color:#fff;text-decoration:none;font-weight:600}
a.get.more{background:#fff;color:#14605a;border:1px solid #85867d}
code{display:block;overflow-wrap:anywhere;font:.9375rem/1.5 ui-monospace,monospace;background:#fff;border:1px solid #e0e0d9;border-radius:.5rem;padding:.75rem}
ol,ul{padding-left:1.5rem}li{margin:.25rem 0}a:focus-visible{outline:3px solid #14605a;outline-offset:2px}
@media(prefers-color-scheme:dark){body{background:#131716;color:#e9edeb}a.get{background:#74cabd;color:#08211e}a.get.more{background:#1b201f;color:#74cabd}code{background:#1b201f;border-color:#2f3634}}
`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function page(words: TrustWords, authority: TrustFacts | undefined): string {
  const body = authority === undefined ? `<p>${escaped(words.none)}</p>` : steps(words, authority);
  return `<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escaped(words.title)}</title><link rel="stylesheet" href="/trust/page.css"></head>
<body><main><h1>${escaped(words.title)}</h1>${body}</main></body></html>
`;
}

function steps(words: TrustWords, { fingerprint, names }: TrustFacts): string {
  const list = (lines: readonly string[]) => lines.map((line) => `<li>${escaped(line)}</li>`).join('');
  const link = (file: string, text: string, look: string) =>
    `<a class="${look}" href="/trust/hallway-authority.${file}">${escaped(text)}</a>`;
  return `<p>${escaped(words.intro)}</p>
<p>${link('crt', words.certificate, 'get')}${link('mobileconfig', words.profile, 'get')}${link('pem', words.pem, 'get more')}</p>
<h2>${escaped(words.compareTitle)}</h2><p>${escaped(words.compare)}</p><code>${escaped(fingerprint)}</code>
${words.steps.map(([system, ...each]) => `<h2>${escaped(system)}</h2><ol>${list(each)}</ol>`).join('\n')}
<p>${escaped(words.only)}</p><ul>${list(names)}</ul>`;
}

/** The same for the same certificate, so that a phone knows a profile again. */
function uuid(of: string): string {
  const hex = createHash('sha256').update(of).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`.toUpperCase();
}

/** A configuration profile of Apple's with the one certificate (PayloadType com.apple.security.root). */
function profile(pem: string, [first = 'Hallway']: readonly string[]): string {
  const { raw, fingerprint256 } = new X509Certificate(pem);
  const name = escaped(`Hallway: ${first}`);
  const common = (type: string, id: string) => `<key>PayloadType</key><string>${type}</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>${escaped(`hallway.authority.${uuid(pem)}${id}`)}</string>
<key>PayloadUUID</key><string>${uuid(`${fingerprint256}${id}`)}</string>
<key>PayloadDisplayName</key><string>${name}</string>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>PayloadContent</key><array><dict>
<key>PayloadCertificateFileName</key><string>hallway-authority.crt</string>
<key>PayloadContent</key><data>${raw.toString('base64')}</data>
${common('com.apple.security.root', '.root')}
</dict></array>
${common('Configuration', '')}
</dict></plist>
`;
}

const NO_SUCH: TrustFile = {
  status: 404,
  type: 'text/plain; charset=utf-8',
  body: 'There is nothing at this address.\n',
};

/** What is at a path of the page for devices; undefined for a path that is none of its. */
export function trustFile(
  path: string,
  authority: TrustFacts | undefined,
  acceptLanguage: string | undefined,
): TrustFile | undefined {
  if (path === '/trust' || path === '/trust/') {
    return { status: 200, type: 'text/html; charset=utf-8', body: page(trustWords(acceptLanguage), authority) };
  }
  if (path === '/trust/page.css') return { status: 200, type: 'text/css; charset=utf-8', body: STYLE };
  const file = /^\/trust\/(hallway-authority\.(crt|pem|mobileconfig))$/.exec(path);
  if (file === null) return undefined;
  if (authority === undefined) return NO_SUCH;
  const { pem, names } = authority;
  const saved = file[1]!;
  switch (file[2]) {
    case 'crt':
      return { status: 200, type: 'application/x-x509-ca-cert', body: new X509Certificate(pem).raw, saved };
    case 'pem':
      return { status: 200, type: 'application/x-pem-file', body: pem, saved };
    default:
      return { status: 200, type: 'application/x-apple-aspen-config', body: profile(pem, names), saved };
  }
}
