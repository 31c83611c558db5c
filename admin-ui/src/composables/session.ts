import { computed, ref, shallowRef } from 'vue';
import type { BodyOf, ReplyOf, Right } from '../../../server/http/contract/index.ts';
import { api } from '../api.ts';
import { showPasskey } from '../passkey.ts';

type Session = ReplyOf<'GET /api/session'>;

const session = shallowRef<Session>();

/** The signed-in administrator, undefined when nobody is. */
export const admin = computed(() => session.value?.admin);
/** Whether whoever is signed in may do this; the server decides it anyway, so this is for not showing what would be refused. */
export function may(right: Right): boolean {
  return admin.value?.rights.includes(right) ?? false;
}

/** Whether the house has its first administrator. */
export const claimed = computed(() => session.value?.claimed ?? true);
/** The first domain, or the one that is proposed while the house is unclaimed. */
export const firstDomain = computed(() => session.value?.domain ?? '');
export const version = computed(() => session.value?.version ?? '');
/** Why it could not be learnt who we are; the panel then shows this and nothing else. */
export const sessionError = ref<unknown>();

/** Asks the server anew who we are. Throws ApiError. */
export async function refreshSession(): Promise<void> {
  session.value = await api('GET /api/session');
  sessionError.value = undefined;
}

/** Makes sure that it is known who we are; false when the server could not be asked. */
export async function knowSession(): Promise<boolean> {
  if (session.value) return true;
  try {
    await refreshSession();
    return true;
  } catch (error) {
    sessionError.value = error;
    return false;
  }
}

/** Signs in; what it gives is what is asked for beside the password. */
export async function signIn(name: string, password: string): Promise<ReplyOf<'POST /api/sign-in'>['second']> {
  const { second } = await api('POST /api/sign-in', { body: { name, password } });
  if (!second) await refreshSession();
  return second;
}

/** The second step: by a code, or by a passkey. */
export async function signInSecond(body: BodyOf<'POST /api/sign-in/second'>): Promise<void> {
  await api('POST /api/sign-in/second', { body });
  await refreshSession();
}

/** Signs in by a passkey alone. */
export async function signInByPasskey(): Promise<void> {
  const body = await showPasskey(await api('POST /api/sign-in/passkey/question'));
  await api('POST /api/sign-in/passkey', { body });
  await refreshSession();
}

export async function signOut(): Promise<void> {
  await api('POST /api/sign-out');
  await refreshSession();
}

/** Makes the first administrator by the one-time code, and signs in. */
export async function claim(body: { code: string; name: string; password: string; domain: string }): Promise<void> {
  await api('POST /api/claim', { body });
  await refreshSession();
}

/** Sets a lost password anew by a one-time code, and signs in. */
export async function resetPassword(code: string, password: string): Promise<void> {
  await api('POST /api/admin/reset', { body: { code, password } });
  await refreshSession();
}
