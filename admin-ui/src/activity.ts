import type { AuditRow } from '../../server/http/contract/index.ts';

const doors: Record<AuditRow['door'], string> = {
  panel: 'Panel',
  cli: 'Command line',
  chat: 'Chat',
  house: 'By itself',
};

const actions: Record<string, string> = {
  'account.create': 'Created',
  'account.password': 'Set a new password for',
  'account.name': 'Renamed',
  'account.disable': 'Disabled',
  'account.enable': 'Enabled',
  'account.delete': 'Deleted',
  'account.chat-admin': 'Made a chat administrator of',
  'account.no-chat-admin': 'Took chat administration from',
  'account.register': 'Accepted an invitation or registered',
  'account.reset-link': 'Made a link to choose a new password for',
  'session.end': 'Ended a session of',
  'device.revoke': 'Logged out a device of',
  'invitation.create': 'Invited to',
  'invitation.relink': 'Made a new link for an invitation to',
  'invitation.revoke': 'Took back an invitation to',
  'announcement.send': 'Announced to',
  'motd.set': 'Set the message of the day of',
  'motd.edit': 'Corrected the message of the day of',
  'motd.clear': 'Took away the message of the day of',
  'setting.change': 'Changed the setting',
  'component.add': 'Added the component',
  'component.remove': 'Removed the component',
  'federation.policy': 'Changed the policy for other servers to',
  'federation.allow': 'Allowed the other server',
  'federation.deny': 'Denied the other server',
  'federation.forget': 'Took away the rule for',
  'federation.choose': 'Let talk with other servers:',
  'federation.unchoose': 'Let talk with other servers no more:',
  'federation.try': 'Called the other server',
  'federation.close': 'Closed the connections with',
  'domain.add': 'Added the domain',
  'domain.remove': 'Removed the domain',
  'domain.contacts': 'Changed whom to contact at',
  'room.create': 'Made the room',
  'room.configure': 'Changed the room',
  'room.member': 'Changed who belongs to the room',
  'room.kick': 'Took somebody out of the room',
  'room.archive-read': 'Read what was said in the room',
  'room.moderate': 'Took a message away in the room',
  'room.destroy': 'Ended the room',
  'room.free': 'Freed the name of the room',
  'file.remove': 'Deleted files of',
  'file.remove-all': 'Deleted all files of, or from before,',
  'transfer.end': 'Broke off a transfer of',
  'report.remove': 'Was done with a report about',
  'admin.sign-in': 'Signed in',
  'admin.sign-out': 'Signed out',
  'admin.password': 'Changed their own password',
  'admin.reset-code': 'Asked for a one-time code for',
  'admin.reset': 'Set a new password by a one-time code',
  'house.claim-code': 'Asked for a claim code',
  'house.claim': 'Claimed this house',
};

/** The same of oneself, where the subject is who did it and is not written again. */
const own: Record<string, string> = {
  'account.password': 'Chose a new password',
  'account.register': 'Made their account',
};

const details: Record<string, string> = {
  address: 'from',
  bytes: 'bytes:',
  files: 'files:',
  names: 'names:',
  with: 'with',
  audience: 'for',
  days: 'days:',
  invitation: 'number',
  purpose: 'for',
  reason: 'because:',
  text: 'text:',
  uses: 'people:',
  value: 'now:',
  generated: 'password made by the server',
  reporter: 'by',
  who: 'whom:',
  nick: 'as',
  owner: 'owner:',
  alternate: 'instead:',
  message: 'message:',
  messages: 'messages:',
  from: 'was',
  to: 'is',
  'abuse-addresses': 'abuse:',
  'admin-addresses': 'administrators:',
  'feedback-addresses': 'feedback:',
  'sales-addresses': 'sales:',
  'security-addresses': 'security:',
  'status-addresses': 'status page:',
  'support-addresses': 'help:',
};

/** The door in words. */
export const doorWords = (door: AuditRow['door']): string => doors[door];

/** An action such as `account.create` in words; one that is not known here reads as it is written. */
export function actionWords(action: string, byThemselves = false): string {
  if (byThemselves && own[action] !== undefined) return own[action];
  return actions[action] ?? action.replaceAll(/[.-]/g, ' ').replace(/^./, (letter) => letter.toUpperCase());
}

/** The particulars of a row on one line, '' when there are none. */
export function detailWords(detail: AuditRow['detail']): string {
  return Object.entries(detail)
    .filter(([name, value]) => name !== 'own' && value !== null && value !== '' && value !== false)
    .map(([name, value]) => (value === true ? (details[name] ?? name) : `${details[name] ?? name} ${value}`))
    .join(', ');
}
