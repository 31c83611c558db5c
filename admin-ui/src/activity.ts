import type { AuditRow, Setting } from '../../server/http/contract/index.ts';
import { kinds } from './activity-kinds.ts';
import { reachWords, stepWords } from './components/setup/words.ts';
import { retell, t } from './language.ts';

const doors: Record<AuditRow['door'], string> = {
  panel: t('Panel'),
  cli: t('Command line'),
  chat: t('Chat'),
  house: t('By itself'),
};

const actions: Record<string, string> = {
  'account.create': t('Created'),
  'account.password': t('Set a new password for'),
  'account.name': t('Renamed'),
  'account.disable': t('Disabled'),
  'account.enable': t('Enabled'),
  'account.close': t('Marked for deletion'),
  'account.restore': t('Brought back'),
  'account.departments': t('Changed the departments of'),
  'account.quota': t('Changed the space for files of'),
  'account.delete': t('Deleted'),
  'account.chat-admin': t('Made a chat administrator of'),
  'account.no-chat-admin': t('Took chat administration from'),
  'account.register': t('Accepted an invitation or registered'),
  'account.reset-link': t('Made a link to choose a new password for'),
  'session.end': t('Ended a session of'),
  'device.revoke': t('Logged out a device of'),
  'invitation.create': t('Invited to'),
  'invitation.relink': t('Made a new link for an invitation to'),
  'invitation.revoke': t('Took back an invitation to'),
  'announcement.send': t('Announced to'),
  'motd.set': t('Set the message of the day of'),
  'motd.edit': t('Corrected the message of the day of'),
  'motd.clear': t('Took away the message of the day of'),
  'acme.set': t('Decided how certificates are got from an authority on the internet:'),
  'acme.use': t('Has the certificate got by itself for'),
  'acme.run': t('Had the certificate got now for'),
  'acme.stop': t('Stopped getting the certificate for'),
  'acme.got': t('Got the certificate for'),
  'acme.failed': t('Could not get the certificate for'),
  'archive.search': t('Searched what was said at'),
  'archive.context': t('Read what was said around a message of'),
  'archive.export': t('Made a copy of what was said at'),
  'archive.export-fetch': t('Fetched the copy of what was said at'),
  'archive.export-remove': t('Deleted the copy of what was said at'),
  'archive.rule': t('Changed what is kept of what is said at'),
  'certificate.upload': t('Put a certificate in place for'),
  'certificate.internal': t('Went back to the house’s own certificate for'),
  'certificate.request': t('Made a request for a certificate of'),
  'certificate.request.drop': t('Threw away the request for a certificate of'),
  'department.create': t('Made the department'),
  'department.change': t('Changed the department'),
  'department.remove': t('Removed the department'),
  'department.order': t('Changed the order of the departments at'),
  'department.rooms': t('Changed the rooms of the department'),
  'department.sight': t('Changed who sees whom at'),
  'department.join': t('Put into a department:'),
  'department.leave': t('Took out of a department:'),
  'people.import': t('Took over people from the file'),
  'people.import-undo': t('Took back what came from the file'),
  'people.hand-over': t('Fetched the passwords for the people of the file'),
  'audit.broken': t('Found that entries of this log are missing or changed'),
  'audit.expire': t('Deleted the oldest entries of this log'),
  'audit.export': t('Took a copy of this log'),
  'backup.make': t('Made a backup:'),
  'backup.check': t('Restored as a test:'),
  'backup.remove': t('Removed the backup'),
  'backup.key': t('Was shown the recovery key for'),
  'backup.fetch': t('Fetched the backup'),
  'backup.restore': t('Restored a backup on'),
  'metrics.token': t('Made a token for the figures'),
  'metrics.off': t('Took the token for the figures away'),
  'setting.change': t('Changed the setting'),
  'component.add': t('Added the component'),
  'component.remove': t('Removed the component'),
  'federation.policy': t('Changed the policy for other servers to'),
  'federation.allow': t('Allowed the other server'),
  'federation.deny': t('Denied the other server'),
  'federation.forget': t('Took away the rule for'),
  'federation.choose': t('Let talk with other servers:'),
  'federation.unchoose': t('Let talk with other servers no more:'),
  'federation.try': t('Called the other server'),
  'federation.close': t('Closed the connections with'),
  'domain.add': t('Added the domain'),
  'domain.remove': t('Removed the domain'),
  'domain.contacts': t('Changed whom to contact at'),
  'room.create': t('Made the room'),
  'room.configure': t('Changed the room'),
  'room.member': t('Changed who belongs to the room'),
  'room.kick': t('Took somebody out of the room'),
  'room.archive-read': t('Read what was said in the room'),
  'room.moderate': t('Took a message away in the room'),
  'room.destroy': t('Ended the room'),
  'room.free': t('Freed the name of the room'),
  'file.remove': t('Deleted files of'),
  'file.remove-all': t('Deleted all files of, or from before,'),
  'transfer.end': t('Broke off a transfer of'),
  'report.remove': t('Was done with a report about'),
  'admin.create': t('Made the administrator'),
  'admin.sign-in': t('Signed in'),
  'admin.sign-out': t('Signed out'),
  'admin.password': t('Changed their own password'),
  'admin.invite': t('Invited the administrator'),
  'admin.role': t('Gave another role to'),
  'admin.disable': t('Disabled the administrator'),
  'admin.enable': t('Enabled the administrator'),
  'admin.remove': t('Removed the administrator'),
  'admin.no-second-factor': t('Took away the codes and passkeys of'),
  'admin.end-session': t('Signed out a browser of'),
  'admin.end-sessions': t('Signed out all browsers of'),
  'admin.prove': t('Showed once more who they are'),
  'admin.passkey': t('Added a passkey'),
  'admin.no-passkey': t('Removed a passkey'),
  'admin.passkey-name': t('Renamed a passkey'),
  'admin.passkey-copied': t('Refused a passkey that may have been copied:'),
  'admin.totp-begin': t('Began to set up codes'),
  'admin.totp': t('Set up the codes of an app'),
  'admin.no-totp': t('Removed the app for codes'),
  'admin.recovery-codes': t('Made recovery codes'),
  'admin.recovery-code': t('Used a recovery code'),
  'admin.wrong-code': t('Entered a wrong code'),
  'admin.wrong-password': t('Entered a wrong password, being signed in'),
  'admin.reset-code': t('Asked for a one-time code for'),
  'admin.reset': t('Set a new password by a one-time code'),
  'house.claim-code': t('Asked for a claim code'),
  'setup.done': t('Was done with the step of the set-up'),
  'setup.again': t('Took up again the step of the set-up'),
  'setup.reach': t('Decided from where people reach the server:'),
  'house.provision': t('Set the house up by the file'),
  'house.claim': t('Claimed this house'),
};

/** The same of oneself, where the subject is who did it and is not written again. */
const own: Record<string, string> = {
  'account.password': t('Chose a new password'),
  'account.register': t('Made their account'),
};

/** The door in words. */
export const doorWords = (door: AuditRow['door']): string => doors[door];

/** Whether there are words for it. */
export const isDeed = (action: string): boolean => Object.hasOwn(actions, action);

/** An action such as `account.create` in words; one that is not known here, of another release, reads as it is written. */
export function actionWords(action: string, byThemselves = false): string {
  if (byThemselves && own[action] !== undefined) return own[action];
  return actions[action] ?? action.replaceAll(/[.-]/g, ' ').replace(/^./, (letter) => letter.toUpperCase());
}

/** A kind of deeds, where no name follows: as it is chosen in the filter. */
export const kindWords = (action: string): string => kinds[action] ?? actionWords(action);

const policies: Readonly<Record<string, string>> = {
  closed: t('no server that is not allowed'),
  ask: t('new servers wait for a decision'),
  open: t('every server'),
};

/** Whether it was done to one department, which is then named with its domain. */
export const namesDepartment = (action: string): boolean => /^department\.(?:create|change|rooms|remove)$/.test(action);

/** To whom or what it was done; `settings` by their keys. */
export function subjectWords(
  { action, subject, detail }: Pick<AuditRow, 'action' | 'subject'> & Partial<Pick<AuditRow, 'detail'>>,
  settings: ReadonlyMap<string, Pick<Setting, 'title'>>,
): string {
  if (action === 'federation.policy') return policies[subject] ?? subject;
  if (action === 'setup.done' || action === 'setup.again')
    return Object.entries(stepWords).find(([step]) => step === subject)?.[1].title ?? subject;
  if (action === 'setup.reach') return Object.entries(reachWords).find(([reach]) => reach === subject)?.[1] ?? subject;
  if (namesDepartment(action) && detail?.department !== undefined)
    return t('{name} ({domain})', { name: String(detail.department), domain: subject });
  if (action !== 'setting.change') return subject;
  const [key = '', domain] = subject.split(' ');
  const setting = settings.get(key);
  if (setting === undefined) return subject;
  const title = retell(setting.title);
  return domain === undefined ? t('“{text}”', { text: title }) : t('“{text}” ({domain})', { text: title, domain });
}
