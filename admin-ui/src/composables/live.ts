import { onScopeDispose, ref, shallowRef } from 'vue';
import type { Events, FigureSample, Overview, SessionChange } from '../../../server/http/contract/index.ts';
import { ApiError, api, readJson } from '../api.ts';
import { may } from './session.ts';

/** Figures come every two seconds; after this silence (ms) the connection counts as dead. */
const patience = 9000;
/** How many figures are kept: two minutes. */
export const historyLength = 60;

/** How the page hears from the server now. */
export const liveState = ref<'connecting' | 'live' | 'reconnecting'>('connecting');
export const overview = shallowRef<Overview>();
export const history = shallowRef<readonly Overview[]>([]);

const hearers = new Set<(change: SessionChange) => void>();
const figureHearers = new Set<(sample: FigureSample) => void>();
let source: EventSource | undefined;
let users = 0;
let wait = 1000;
let retry: ReturnType<typeof setTimeout> | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let linger: ReturnType<typeof setTimeout> | undefined;

function take(figures: Overview): void {
  const last = overview.value;
  // After a restart of the server the totals begin anew, and so does the line.
  const same = last !== undefined && figures.uptime >= last.uptime;
  overview.value = figures;
  history.value = [...(same ? history.value : []), figures].slice(-historyLength);
}

function heard(): void {
  liveState.value = 'live';
  wait = 1000;
  clearTimeout(silence);
  silence = setTimeout(reconnect, patience);
}

function close(): void {
  clearTimeout(silence);
  clearTimeout(retry);
  source?.close();
  source = undefined;
}

function connect(): void {
  close();
  const stream = new EventSource('/api/events');
  source = stream;
  // Also counted from here, so a connection that never opens is given up.
  silence = setTimeout(reconnect, patience);
  stream.addEventListener('overview', (event) => {
    heard();
    take(readJson<Events['overview']>(event.data));
  });
  // For whoever is not shown the figures.
  stream.addEventListener('beat', heard);
  stream.addEventListener('session', (event) => {
    heard();
    const change = readJson<Events['session']>(event.data);
    for (const hear of hearers) hear(change);
  });
  stream.addEventListener('figures', (event) => {
    const sample = readJson<Events['figures']>(event.data);
    for (const hear of figureHearers) hear(sample);
  });
  stream.addEventListener('bye', reconnect);
  stream.addEventListener('error', () => {
    if (source === stream) reconnect();
  });
}

function reconnect(): void {
  close();
  liveState.value = 'reconnecting';
  // A plain question meanwhile: it keeps the figures moving where streams are refused, and it notices a lost session.
  const question = may('look') ? api('GET /api/overview').then(take) : api('GET /api/domains');
  question.catch((error: unknown) => {
    // Signed out: connecting again would only be refused.
    if (error instanceof ApiError && error.status === 401) close();
  });
  retry = setTimeout(connect, wait);
  wait = Math.min(wait * 2, 15_000);
}

/**
 * Keeps the live connection open as long as the calling component lives. `change` hears of every client that
 * comes or goes, `figures` of every sample that is kept.
 */
export function useLive(change?: (change: SessionChange) => void, figures?: (sample: FigureSample) => void): void {
  users += 1;
  clearTimeout(linger);
  if (!source && users === 1) {
    liveState.value = 'connecting';
    connect();
  }
  if (change) hearers.add(change);
  if (figures) figureHearers.add(figures);
  onScopeDispose(() => {
    users -= 1;
    if (change) hearers.delete(change);
    if (figures) figureHearers.delete(figures);
    // A moment's grace, so that going from page to page keeps the line.
    linger = setTimeout(() => {
      if (users > 0) return;
      close();
      history.value = [];
    }, 1000);
  });
}
