/**
 * Who invited whom through a room, so that who declines reaches them. A room need not be stored yet when its maker invites, so
 * `room` is no reference. `known_as` is what the invitation called the inviter: an address, or `room@service/nick`.
 */
export const statements: readonly string[] = [
  `CREATE TABLE room_invitation (
    room INTEGER NOT NULL,
    invitee TEXT NOT NULL,
    inviter TEXT NOT NULL,
    known_as TEXT NOT NULL,
    invited_at INTEGER NOT NULL,
    PRIMARY KEY (room, invitee, inviter)) WITHOUT ROWID`,
  `CREATE INDEX room_invitation_by_invitee ON room_invitation (invitee)`,
  `CREATE INDEX room_invitation_by_inviter ON room_invitation (inviter, invited_at)`,
  `CREATE INDEX room_invitation_by_time ON room_invitation (invited_at)`,
];
